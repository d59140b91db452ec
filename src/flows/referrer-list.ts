/** The list in which readers find an image's bundles: kept by the registry, or the fallback index that signers keep. */

import { InputError, RemoteError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { mapPool } from '../base/pool.ts';
import { fallbackTagOf } from '../clients/registry/referrers.ts';
import type { EncodedReferrer } from '../formats/bundle/referrer-manifest.ts';
import type { Digest } from '../formats/oci/digest.ts';
import type { Descriptor } from '../formats/oci/manifest.ts';
import { mediaTypes } from '../formats/oci/media-type.ts';
import { encodeReferrersIndex } from '../formats/oci/referrers-index.ts';
import { lookAt } from './look.ts';
import type { Look } from './look.ts';
import type { SharedList } from './shared-shelf.ts';
import { explainedOf, putTag } from './signature-place.ts';
import type { SignaturePlace } from './signature-place.ts';

export interface NewReferrer {
  readonly bundle: Uint8Array;
  readonly encoded: EncodedReferrer;
  /** Whether the registry lists referrers by itself; else the fallback index must. */
  readonly hasApi: boolean;
}

export interface FormList extends SharedList<Descriptor> {
  readonly form: 'legacy' | 'bundle';
}

/** `blobs` is the upload of the bundle, under way. */
export function referrerListOf(place: SignaturePlace, added: NewReferrer, blobs: Promise<Look<unknown>>): FormList {
  return added.hasApi ? listedReferrersOf(place, added, blobs) : fallbackIndexOf(place, added, blobs);
}

/** The registry's own list. It should show whatever was put; some lose an entry when several are put at once, which
 *  putting it again repairs. */
function listedReferrersOf(place: SignaturePlace, { encoded }: NewReferrer, blobs: Promise<Look<unknown>>): FormList {
  const { registry, repository, subject } = place;
  let listed = new Set<Digest>();
  let isCapped = false;
  const putAgain = async (digest: Digest): Promise<void> => {
    const fetched = await registry.fetchManifest(repository, digest);
    if (fetched !== undefined) {
      await registry.putManifest(repository, undefined, fetched.bytes, fetched.manifest.mediaType);
    }
  };
  return {
    form: 'bundle',
    own: [encoded.descriptor],
    keyOf: ({ digest }) => digest,
    read: async () => {
      const referrers = await registry.fetchReferrers(repository, subject.digest);
      listed = new Set(referrers.descriptors.map(({ digest }) => digest));
      isCapped = referrers.isCapped;
      return referrers.descriptors;
    },
    prepare: async (descriptors) => {
      requireRoom(isCapped ? limits.referrers + 1 : descriptors.length, 'the list of referrers');
      requireUploaded(await blobs);
      const missing = descriptors.filter(({ digest }) => !listed.has(digest));
      const putAll = async (): Promise<void> => {
        await mapPool(missing, limits.signaturesInFlight, async ({ digest }) =>
          digest === encoded.digest ? putOwn(place, encoded) : putAgain(digest),
        );
      };
      // A manifest put by its digest harms nobody whenever it arrives: every failure is one that can be told.
      return async () => {
        const put = await lookAt(putAll);
        return put.isSeen ? undefined : put.error;
      };
    },
  };
}

function fallbackIndexOf(place: SignaturePlace, { encoded }: NewReferrer, blobs: Promise<Look<unknown>>): FormList {
  const tag = fallbackTagOf(place.subject.digest);
  let isThere = false;
  // Registries take an index only when what it names is there; this needs no look at the index.
  const own = blobs.then((uploaded) =>
    lookAt(async () => {
      requireUploaded(uploaded);
      await putOwn(place, encoded);
    }),
  );
  own.catch(() => undefined);
  return {
    form: 'bundle',
    own: [encoded.descriptor],
    keyOf: ({ digest }) => digest,
    read: async () => {
      const manifest = (await place.registry.fetchManifest(place.repository, tag))?.manifest;
      if (manifest?.kind === 'image') {
        throw new InputError('MANIFEST_TYPE_MISMATCH', `${tag} names an image, not an index of referrers`);
      }
      isThere = manifest !== undefined;
      return manifest?.manifests ?? [];
    },
    prepare: async (descriptors) => {
      requireRoom(descriptors.length, tag);
      requireUploaded(await own);
      const isAgain = isThere;
      return async () => {
        const refusal = await putTag(place, tag, encodeReferrersIndex(descriptors), mediaTypes.ociIndex);
        return isAgain ? explainedOf(refusal, tag) : refusal;
      };
    },
  };
}

async function putOwn(
  { registry, repository }: SignaturePlace,
  { manifest, mediaType }: EncodedReferrer,
): Promise<void> {
  await registry.putManifest(repository, undefined, manifest, mediaType);
}

function requireUploaded(upload: Look<unknown>): void {
  if (!upload.isSeen) {
    throw upload.error;
  }
}

function requireRoom(count: number, where: string): void {
  if (count > limits.referrers) {
    throw new RemoteError(
      'SIGNATURES_OVER_CAP',
      `${where} would hold ${count} referrers; readers look at ${limits.referrers}`,
    );
  }
}
