/** Manifests: read, write, delete. @source OCI distribution-spec, sections Pulling manifests, Pushing Manifests,
 *  Deleting tags, Deleting Manifests */

import type { IncomingMessage, ServerResponse } from 'node:http';

import { limits } from '../../base/limits.ts';
import { digestAlgorithmOf } from '../../formats/oci/digest.ts';
import type { Digest } from '../../formats/oci/digest.ts';
import { parseManifest } from '../../formats/oci/manifest.ts';
import type { Descriptor, Manifest } from '../../formats/oci/manifest.ts';
import { readBody, sendBytes, sendEmpty } from '../../serve/exchange.ts';
import { digestWith } from './content-store.ts';
import { RegistryProblem } from './problem.ts';
import type { Registry } from './registry.ts';
import type { ManifestReference, RouteOf } from './route.ts';

/** GET and HEAD. */
export async function getManifest(
  registry: Registry,
  { name, reference }: RouteOf<'manifest'>,
  _request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { digest, mediaType } = requireManifest(registry, name, reference);
  const bytes = await registry.content.read(digest);
  sendBytes(response, 200, { 'Content-Type': mediaType, 'Docker-Content-Digest': digest }, bytes);
}

export async function putManifest(
  registry: Registry,
  { name, reference }: RouteOf<'manifest'>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // 1. The bytes are what the address says.
  const bytes = await readBody(request, 'manifest', limits.manifestBytes);
  const digest = digestWith(reference.kind === 'digest' ? digestAlgorithmOf(reference.digest) : 'sha256', bytes);
  if (reference.kind === 'digest' && reference.digest !== digest) {
    throw new RegistryProblem(
      'DIGEST_INVALID',
      `the manifest's digest is ${digest}, its address says ${reference.digest}`,
    );
  }
  // 2. They are a manifest of the type that the header says.
  const manifest = parseManifest(bytes, request.headers['content-type']);
  const subject = manifest.subject?.digest;
  await registry.exclusive(name, async () => {
    // 3. What it names is here. The subject may come later.
    requireParts(registry, name, manifest);
    // 4. Content, then the manifest's entry, then the tag: a crash in between leaves no name for what is not there.
    await registry.write([
      { path: registry.content.pathOf(digest), bytes },
      ...registry.repositories.manifestFiles(name, {
        descriptor: descriptorOf(manifest, digest, bytes.length),
        subject,
        tag: reference.kind === 'tag' ? reference.tag : undefined,
      }),
    ]);
  });
  sendEmpty(response, 201, {
    Location: `/v2/${name}/manifests/${digest}`,
    'Docker-Content-Digest': digest,
    ...(subject !== undefined && registry.isReferrersApiEnabled ? { 'OCI-Subject': subject } : {}),
  });
}

/** By tag removes the tag; by digest removes the manifest and every tag that names it. */
export async function deleteManifest(
  registry: Registry,
  { name, reference }: RouteOf<'manifest'>,
  _request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  await registry.exclusive(name, async () => {
    const { digest, mediaType } = requireManifest(registry, name, reference);
    if (reference.kind === 'tag') {
      await registry.repositories.removeTag(name, reference.tag);
      return;
    }
    const { subject } = parseManifest(await registry.content.read(digest), mediaType);
    await registry.repositories.unlinkManifest(name, digest, subject?.digest);
  });
  sendEmpty(response, 202, {});
}

function requireManifest(
  registry: Registry,
  name: string,
  reference: ManifestReference,
): { readonly digest: Digest; readonly mediaType: string } {
  const digest =
    reference.kind === 'digest' ? reference.digest : registry.repositories.digestOfTag(name, reference.tag);
  const mediaType = digest === undefined ? undefined : registry.repositories.manifestTypeOf(name, digest);
  if (digest === undefined || mediaType === undefined) {
    const wanted = reference.kind === 'digest' ? reference.digest : `tagged ${reference.tag}`;
    throw new RegistryProblem('MANIFEST_UNKNOWN', `${name} holds no manifest ${wanted}`);
  }
  return { digest, mediaType };
}

function requireParts(registry: Registry, name: string, manifest: Manifest): void {
  const { repositories } = registry;
  const parts =
    manifest.kind === 'image' ? [manifest.config, ...manifest.layers.filter(isDistributable)] : manifest.manifests;
  for (const { digest } of parts) {
    // Build caches list blobs in an index, so an index's entry may be either.
    const isHere =
      repositories.hasBlob(name, digest) ||
      (manifest.kind === 'index' && repositories.manifestTypeOf(name, digest) !== undefined);
    if (!isHere) {
      throw new RegistryProblem('MANIFEST_BLOB_UNKNOWN', `the manifest names ${digest}, which ${name} does not hold`);
    }
  }
}

/** Layers whose licence forbids pushing them stay with their owner. */
function isDistributable({ mediaType }: Descriptor): boolean {
  return !/nondistributable|foreign/.test(mediaType);
}

/** As the referrers listing shows it: without an artifact type of its own, an image has its config's media type. */
function descriptorOf(manifest: Manifest, digest: Digest, size: number): Descriptor {
  const artifactType = manifest.artifactType || (manifest.kind === 'image' ? manifest.config.mediaType : '');
  return {
    mediaType: manifest.mediaType,
    digest,
    size,
    ...(artifactType === '' ? {} : { artifactType }),
    ...(manifest.annotations === undefined ? {} : { annotations: manifest.annotations }),
  };
}
