/** Image references: Docker's grammar and normalisation, names printed in go-containerregistry's form, as cosign signs
 *  them (`alpine` is `index.docker.io/library/alpine`).
 *  @source github.com/distribution/reference (grammar, ParseNormalizedNamed); go-containerregistry pkg/name */

import { InputError } from '../../base/errors.ts';
import { isDigest } from './digest.ts';
import type { Digest } from './digest.ts';

/** Where an image's manifests live: a registry host (with port) and a repository in it. */
export interface Repository {
  /** "index.docker.io", "localhost:5000", "[::1]:5000". */
  readonly registry: string;
  /** "library/alpine". */
  readonly path: string;
}

/** A parsed reference. With a digest, the tag says only how the image was called. */
export interface Reference {
  readonly repository: Repository;
  readonly tag?: string;
  readonly digest?: Digest;
}

const DEFAULT_REGISTRY = 'index.docker.io';
const REGISTRY =
  /^(?:\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*)(?::[0-9]{1,5})?$/;
const PATH = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const MAX_PATH = 255;

/** Reads `[registry/]repository[:tag][@digest]`; without tag and digest the tag is "latest".
 *  Throws REFERENCE_MALFORMED. */
export function parseReference(text: string): Reference {
  const at = text.indexOf('@');
  const named = at === -1 ? text : text.slice(0, at);
  const digest = at === -1 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !isDigest(digest)) {
    throw malformed(text, `${JSON.stringify(digest.slice(0, 150))} is no sha256 or sha512 digest`);
  }
  const colon = named.lastIndexOf(':');
  const hasTag = colon > named.lastIndexOf('/');
  const tag = hasTag ? named.slice(colon + 1) : undefined;
  if (tag !== undefined && !isTag(tag)) {
    throw malformed(
      text,
      `${JSON.stringify(tag.slice(0, 150))} is no tag: at most 128 letters, digits, "_", "." and "-"`,
    );
  }
  const repository = parseRepository(hasTag ? named.slice(0, colon) : named);
  if (digest !== undefined) {
    return tag === undefined ? { repository, digest } : { repository, tag, digest };
  }
  return { repository, tag: tag ?? 'latest' };
}

/** Reads `[registry/]repository`, as in COSIGN_REPOSITORY. Throws REFERENCE_MALFORMED. */
export function parseRepository(text: string): Repository {
  const slash = text.indexOf('/');
  const first = slash === -1 ? '' : text.slice(0, slash);
  // Docker's rule: a first part names a registry only if it looks like a host.
  const hasRegistry = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  const registry = hasRegistry ? canonicalRegistryOf(first) : DEFAULT_REGISTRY;
  const given = hasRegistry ? text.slice(slash + 1) : text;
  const path = registry === DEFAULT_REGISTRY && !given.includes('/') ? `library/${given}` : given;
  if (!isRegistry(registry)) {
    throw malformed(text, `${JSON.stringify(registry)} is no registry host`);
  }
  if (/^[0-9a-f]{64}$/.test(text)) {
    throw malformed(text, '64 hex digits alone would be an image ID');
  }
  if (!isRepositoryPath(path)) {
    throw malformed(
      text,
      'a repository is lower-case letters and digits, parts joined by "/", ".", "_", "__" or "-", at most 255 characters',
    );
  }
  return { registry, path };
}

/** Reads a registry host alone, as in `login HOST`; Docker Hub's aliases become one name. Throws REFERENCE_MALFORMED. */
export function parseRegistry(text: string): string {
  const registry = canonicalRegistryOf(text);
  if (!isRegistry(registry)) {
    throw malformed(text, 'expected a registry host such as registry.example.com or localhost:5000');
  }
  return registry;
}

/** Whether the text names a repository inside a registry: "library/alpine". */
export function isRepositoryPath(text: string): boolean {
  return text.length <= MAX_PATH && PATH.test(text);
}

export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** "index.docker.io/library/alpine". */
export function repositoryNameOf(repository: Repository): string {
  return `${repository.registry}/${repository.path}`;
}

/** The full name: with the digest when there is one (and the tag before it, when both were given), else with the tag. */
export function referenceNameOf(reference: Reference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  return `${repositoryNameOf(reference.repository)}${tag}${digest}`;
}

/** The grammar lets ports and addresses through that do not exist. */
function isRegistry(text: string): boolean {
  return REGISTRY.test(text) && URL.canParse(`https://${text}`);
}

function canonicalRegistryOf(host: string): string {
  return host === 'docker.io' || host === 'registry-1.docker.io' ? DEFAULT_REGISTRY : host;
}

function malformed(text: string, why: string): InputError {
  return new InputError('REFERENCE_MALFORMED', `image reference ${JSON.stringify(text.slice(0, 300))}: ${why}`);
}
