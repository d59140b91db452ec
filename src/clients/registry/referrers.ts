/** What refers to an image: the referrers API, or the fallback tag where there is none.
 *  @source OCI distribution-spec, sections Listing Referrers and Referrers Tag Schema */

import { limits } from '../../base/limits.ts';
import { digestAlgorithmOf, digestHexOf } from '../../formats/oci/digest.ts';
import type { Digest } from '../../formats/oci/digest.ts';
import type { Descriptor } from '../../formats/oci/manifest.ts';
import { imageIndexTypes, mediaTypeOf, mediaTypes } from '../../formats/oci/media-type.ts';
import type { Repository } from '../../formats/oci/reference.ts';
import { discard, invalidAnswer, readBytes, requireStatus } from './answer.ts';
import type { Answer } from './answer.ts';
import type { Exchange } from './exchange.ts';
import { fetchManifest, parseAnswer } from './manifests.ts';
import { nextPageOf, readPages } from './pages.ts';
import type { FetchedManifest, Referrers } from './registry-client.ts';

export interface ReferrersReader {
  readonly fetch: (repository: Repository, subject: Digest) => Promise<Referrers>;
}

type Listing = Pick<Referrers, 'descriptors' | 'isCapped'>;

/** Statuses by which a registry says that it has no such API. Any other refusal leaves the question open. */
const NO_API = [400, 404, 405, 406, 501];

/** Remembers which repositories lack the API. Until the host has shown that it has it, both are asked at once: one round
 *  trip either way. */
export function openReferrersReader(exchange: Exchange): ReferrersReader {
  const hostsWithApi = new Set<string>();
  // By repository, not by host: one host may pass some of its paths on to registries that differ.
  const repositoriesWithout = new Set<string>();
  return {
    fetch: async (repository, subject) => {
      const name = `${repository.registry}/${repository.path}`;
      const stop = new AbortController();
      const isLikely = hostsWithApi.has(repository.registry) && !repositoriesWithout.has(name);
      const fallback = isLikely ? undefined : fetchFallback(exchange, repository, subject, stop.signal);
      fallback?.catch(() => undefined);
      try {
        const listing = repositoriesWithout.has(name) ? undefined : await fetchListing(exchange, repository, subject);
        if (listing === undefined) repositoriesWithout.add(name);
        else hostsWithApi.add(repository.registry);
        if (listing !== undefined) {
          return { hasApi: true, ...listing };
        }
        return await (fallback ?? fetchFallback(exchange, repository, subject, stop.signal));
      } finally {
        stop.abort();
      }
    },
  };
}

/** The tag under which an image's referrers are listed where there is no API. @source section Referrers Tag Schema */
export function fallbackTagOf(subject: Digest): string {
  return `${digestAlgorithmOf(subject).slice(0, 32)}-${digestHexOf(subject).slice(0, 64)}`;
}

/** Undefined when there is no API. */
async function fetchListing(exchange: Exchange, repository: Repository, subject: Digest): Promise<Listing | undefined> {
  const found = new Map<Digest, Descriptor>();
  const first = `referrers/${subject}`;
  let hasApi = true;
  await readPages(first, (target) =>
    exchange.askRepeatedly(
      { method: 'GET', repository, target, action: 'pull', headers: { accept: mediaTypes.ociIndex } },
      async (answer) => {
        if (target === first && isNoApi(answer)) {
          hasApi = false;
          await discard(answer);
          return { next: undefined, answer };
        }
        await requireStatus(answer, 200);
        const manifest = parseAnswer(answer, await readBytes(answer, limits.listPageBytes));
        if (manifest.kind !== 'index') {
          throw invalidAnswer(answer, 'the list of referrers is no index');
        }
        manifest.manifests.forEach((descriptor) => found.set(descriptor.digest, descriptor));
        return { next: found.size > limits.referrers ? undefined : nextPageOf(answer), answer };
      },
    ),
  );
  return hasApi ? listingOf([...found.values()]) : undefined;
}

function isNoApi(answer: Answer): boolean {
  const contentType = answer.headers['content-type'];
  const isOther =
    answer.status === 200 && contentType !== undefined && !imageIndexTypes.includes(mediaTypeOf(contentType));
  return isOther || NO_API.includes(answer.status);
}

async function fetchFallback(
  exchange: Exchange,
  repository: Repository,
  subject: Digest,
  signal: AbortSignal,
): Promise<Referrers> {
  const index = await fetchManifest(exchange, repository, fallbackTagOf(subject), signal);
  if (index === undefined) {
    return { hasApi: false, descriptors: [], isCapped: false };
  }
  const descriptors = new Map(
    descriptorsOf(index, repository, subject).map((descriptor) => [descriptor.digest, descriptor]),
  );
  return { hasApi: false, ...listingOf([...descriptors.values()]), fallbackIndex: index };
}

/** Some registries answer the fallback tag with the image itself. That says nothing about referrers. */
function descriptorsOf(index: FetchedManifest, repository: Repository, subject: Digest): readonly Descriptor[] {
  if (index.manifest.kind !== 'index') {
    const url = new URL(`https://${repository.registry}/`);
    throw invalidAnswer(
      { url, asked: `GET manifests/${fallbackTagOf(subject)}` },
      'the list of referrers is no index but an image manifest',
    );
  }
  return index.manifest.manifests;
}

function listingOf(descriptors: readonly Descriptor[]): Listing {
  return { descriptors: descriptors.slice(0, limits.referrers), isCapped: descriptors.length > limits.referrers };
}
