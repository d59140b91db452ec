/** The registry client, put together. */

import { isErrorWithCode, NotFoundError } from '../../base/errors.ts';
import type { Runtime } from '../../base/runtime.ts';
import type { Digest } from '../../formats/oci/digest.ts';
import { referenceNameOf } from '../../formats/oci/reference.ts';
import type { Reference, Repository } from '../../formats/oci/reference.ts';
import type { ResolvedImage } from '../../formats/oci/resolved-image.ts';
import { fetchBlob, putBlob } from './blobs.ts';
import { copyBlob } from './copy-blob.ts';
import { openExchange } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import { deleteManifest, fetchManifest, putManifest } from './manifests.ts';
import { openReferrersReader } from './referrers.ts';
import type { RegistryClient } from './registry-client.ts';
import type { RegistrySettings } from './settings.ts';
import { listTags } from './tags.ts';

/** One for a run: it remembers schemes, challenges, tokens and which registries have the referrers API. Opens no
 *  connection yet. */
export function openRegistryClient(settings: RegistrySettings, runtime: Runtime): RegistryClient {
  const exchange = openExchange(settings, runtime);
  const referrers = openReferrersReader(exchange);
  return {
    fetchImage: (reference) => fetchImage(exchange, reference),
    fetchManifest: (repository, tagOrDigest) => fetchManifest(exchange, repository, tagOrDigest),
    fetchReferrers: referrers.fetch,
    fetchBlob: (repository, blob, maxBytes) => fetchBlob(exchange, repository, blob, maxBytes),
    putBlob: (repository, bytes) => putBlob(exchange, repository, bytes),
    copyBlob: (from, to, blob, progress) => copyBlob(exchange, from, to, blob, progress),
    putManifest: (repository, tag, bytes, mediaType) => putManifest(exchange, repository, tag, bytes, mediaType),
    deleteTag: (repository, tag, digest) => deleteTag(exchange, repository, tag, digest),
    deleteManifest: async (repository, digest) => (await outcomeOf(exchange, repository, digest)) !== 'refused',
    listTags: (repository, prefix) => listTags(exchange, repository, prefix),
    close: exchange.close,
  };
}

async function fetchImage(exchange: Exchange, reference: Reference): Promise<ResolvedImage> {
  const found = await fetchManifest(exchange, reference.repository, reference.digest ?? reference.tag ?? 'latest');
  if (found === undefined) {
    throw new NotFoundError('IMAGE_NOT_FOUND', `${referenceNameOf(reference)} is not in the registry`, {
      details: { reference: referenceNameOf(reference) },
    });
  }
  return { reference, ...found };
}

/** By tag and by digest at once: some registries keep a tag that a deletion by digest leaves behind, others delete only
 *  by digest. Whatever one of the two did or found done is enough. */
async function deleteTag(exchange: Exchange, repository: Repository, tag: string, digest: Digest): Promise<boolean> {
  const outcomes = await Promise.allSettled([tag, digest].map((name) => outcomeOf(exchange, repository, name)));
  if (outcomes.some((outcome) => outcome.status === 'fulfilled' && outcome.value !== 'refused')) {
    return true;
  }
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) {
    throw failed.reason;
  }
  return false;
}

async function outcomeOf(
  exchange: Exchange,
  repository: Repository,
  name: string,
): Promise<'accepted' | 'gone' | 'refused'> {
  try {
    return await deleteManifest(exchange, repository, name);
  } catch (error) {
    // The token server does not give out the right to delete.
    if (isErrorWithCode(error, 'REGISTRY_DENIED')) {
      return 'refused';
    }
    throw error;
  }
}
