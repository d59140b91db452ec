/** Manifests: read, written, removed. @source OCI distribution-spec, sections Pulling manifests, Pushing manifests, Deleting manifests */

import { CountersignError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { isDigest } from '../../formats/oci/digest.ts';
import type { Digest } from '../../formats/oci/digest.ts';
import { parseManifest } from '../../formats/oci/manifest.ts';
import type { Manifest } from '../../formats/oci/manifest.ts';
import { manifestAccept } from '../../formats/oci/media-type.ts';
import type { Repository } from '../../formats/oci/reference.ts';
import { discard, invalidAnswer, readBytes, refusalOf, requireOwnAbsence, requireStatus } from './answer.ts';
import type { Answer } from './answer.ts';
import { digestOf } from './content.ts';
import type { Exchange, RegistryRequest } from './exchange.ts';
import type { FetchedManifest } from './registry-client.ts';

/** Undefined when the registry says that there is none. */
export async function fetchManifest(
  exchange: Exchange,
  repository: Repository,
  tagOrDigest: string,
  signal?: AbortSignal,
): Promise<FetchedManifest | undefined> {
  const request: RegistryRequest = {
    method: 'GET',
    repository,
    target: `manifests/${tagOrDigest}`,
    action: 'pull',
    headers: { accept: manifestAccept },
    ...(signal && { signal }),
  };
  return exchange.askRepeatedly(request, async (answer) => {
    if (answer.status === 404) {
      await requireOwnAbsence(answer);
      return undefined;
    }
    await requireStatus(answer, 200);
    return manifestOf(answer, await readBytes(answer, limits.manifestBytes), tagOrDigest);
  });
}

export async function putManifest(
  exchange: Exchange,
  repository: Repository,
  tag: string | undefined,
  bytes: Uint8Array,
  mediaType: string,
): Promise<Digest> {
  const digest = digestOf(bytes);
  const request: RegistryRequest = {
    method: 'PUT',
    repository,
    target: `manifests/${tag ?? digest}`,
    action: 'push',
    headers: { 'content-type': mediaType },
    body: bytes,
  };
  // A tag may have been moved by somebody else between two tries: only what is named by its digest is put again.
  const send = tag === undefined ? exchange.askRepeatedly : exchange.ask;
  return send(request, async (answer) => {
    await requireStatus(answer, 200, 201, 202);
    await discard(answer);
    requireSameDigest(answer, digest, digest);
    return digest;
  });
}

/** Parses only what hashes to what was asked for. */
export function parseAnswer(answer: Answer, bytes: Uint8Array): Manifest {
  try {
    return parseManifest(bytes, answer.headers['content-type']);
  } catch (cause) {
    throw cause instanceof CountersignError ? invalidAnswer(answer, cause.message, cause) : cause;
  }
}

/** What became of a DELETE. Throws where the registry answered neither yes nor no. */
export async function deleteManifest(
  exchange: Exchange,
  repository: Repository,
  tagOrDigest: string,
): Promise<'accepted' | 'gone' | 'refused'> {
  const request: RegistryRequest = {
    method: 'DELETE',
    repository,
    target: `manifests/${tagOrDigest}`,
    action: 'delete',
  };
  return exchange.ask(request, async (answer) => {
    if (answer.status >= 500 || answer.status === 429) {
      throw await refusalOf(answer);
    }
    await discard(answer);
    if (answer.status === 404) {
      return 'gone';
    }
    return answer.status >= 200 && answer.status < 300 ? 'accepted' : 'refused';
  });
}

function manifestOf(answer: Answer, bytes: Uint8Array, tagOrDigest: string): FetchedManifest {
  const asked = isDigest(tagOrDigest) ? tagOrDigest : undefined;
  const digest = digestOf(bytes, asked);
  if (asked !== undefined && digest !== asked) {
    throw invalidAnswer(answer, `the answer hashes to ${digest}`);
  }
  requireSameDigest(answer, digest, digestOf(bytes, namedDigestOf(answer)));
  return { digest, manifest: parseAnswer(answer, bytes), bytes };
}

/** Docker-Content-Digest is optional; where it is there it must be true. */
function requireSameDigest(answer: Answer, asked: Digest, computed: Digest): void {
  const named = answer.headers['docker-content-digest'];
  if (named !== undefined && named !== computed && named !== asked) {
    throw invalidAnswer(answer, `the registry calls ${computed} ${JSON.stringify(named.slice(0, 150))}`);
  }
}

function namedDigestOf(answer: Answer): Digest | undefined {
  const named = answer.headers['docker-content-digest'];
  return named !== undefined && isDigest(named) ? named : undefined;
}
