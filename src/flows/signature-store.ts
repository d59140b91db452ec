/** Stores new signatures of an image, in the lists that readers look at. */

import { InputError, RemoteError } from '../base/errors.ts';
import type { CountersignError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Runtime } from '../base/runtime.ts';
import { encodeSignatureManifest } from '../formats/cosign/signature-manifest.ts';
import type { Descriptor } from '../formats/oci/manifest.ts';
import { storeAlone, storeTogether } from './concurrent-store.ts';
import type { StoreOutcome } from './concurrent-store.ts';
import { lookAt } from './look.ts';
import { referrerListOf } from './referrer-list.ts';
import type { FormList, NewReferrer } from './referrer-list.ts';
import { explainedOf, putTag, signatureTagOf } from './signature-place.ts';
import type { SignaturePlace } from './signature-place.ts';
import { openMarkerBoard } from './signer-marker.ts';
import type { MarkedItems } from './signer-marker.ts';

export interface NewLayer {
  readonly layer: Descriptor;
  readonly payload: Uint8Array;
}

/** What to store: each form or none. */
export interface NewSignatures {
  readonly layers: readonly NewLayer[];
  readonly referrer?: NewReferrer;
}

export interface StoreOptions {
  readonly runtime: Runtime;
  readonly isSingleSigner: boolean;
}

/** Why a form is not stored. Both undefined: everything is. */
export interface StoreFailures {
  readonly legacy?: CountersignError;
  readonly bundle?: CountersignError;
}

/** Stores both forms at the same time; one that fails does not keep the other. Throws the interruption of the run. */
export async function storeSignatures(
  place: SignaturePlace,
  added: NewSignatures,
  options: StoreOptions,
): Promise<StoreFailures> {
  // 1. The bundle is uploaded while the lists are read.
  const { referrer } = added;
  const bundleBlobs =
    referrer && lookAt(() => Promise.all([place.upload(referrer.bundle), place.upload(referrer.encoded.config)]));
  bundleBlobs?.catch(() => undefined);

  // 2. A marker and the `.sig` image name payloads: these come first.
  const payloads = await lookAt(() => Promise.all(added.layers.map(({ payload }) => place.upload(payload))));
  const layers = payloads.isSeen ? added.layers.map(({ layer }) => layer) : [];
  const lists = [
    ...(layers.length === 0 ? [] : [signatureListOf(place, layers)]),
    ...(referrer === undefined || bundleBlobs === undefined ? [] : [referrerListOf(place, referrer, bundleBlobs)]),
  ];

  // 3. What many write.
  const stored = await lookAt(() => storeInLists(place, lists, added, options));
  const outcomeOf = (form: keyof StoreFailures): CountersignError | undefined => {
    const index = lists.findIndex((list) => list.form === form);
    return index === -1 ? undefined : stored.isSeen ? stored.value[index] : stored.error;
  };
  await bundleBlobs;
  const legacy = payloads.isSeen ? outcomeOf('legacy') : payloads.error;
  const bundle = outcomeOf('bundle');
  return { ...(legacy && { legacy }), ...(bundle && { bundle }) };
}

async function storeInLists(
  place: SignaturePlace,
  lists: readonly FormList[],
  { referrer }: NewSignatures,
  { runtime, isSingleSigner }: StoreOptions,
): Promise<StoreOutcome> {
  // Bundles of a registry that lists them by itself share nothing.
  const isShared = lists.some(({ form }) => form === 'legacy' || referrer?.hasApi === false);
  if (isSingleSigner || !isShared) {
    return storeAlone(lists, runtime);
  }
  const ownOf = (form: keyof StoreFailures): readonly Descriptor[] | undefined =>
    lists.find((list) => list.form === form)?.own;
  const referrers = ownOf('bundle');
  const own = { layers: ownOf('legacy') ?? [], ...(referrers === undefined ? {} : { referrers }) };
  const itemsOf = (items: MarkedItems): readonly (readonly Descriptor[])[] =>
    lists.map(({ form }) => (form === 'legacy' ? items.layers : (items.referrers ?? [])));
  return storeTogether({ lists, markers: openMarkerBoard(place, own, itemsOf) }, runtime);
}

/** The layers of the `.sig` image. */
function signatureListOf(place: SignaturePlace, own: readonly Descriptor[]): FormList {
  const tag = signatureTagOf(place);
  let isThere = false;
  return {
    form: 'legacy',
    own,
    keyOf: layerKeyOf,
    read: async () => {
      const manifest = (await place.registry.fetchManifest(place.repository, tag))?.manifest;
      if (manifest?.kind === 'index') {
        throw new InputError('MANIFEST_TYPE_MISMATCH', `${tag} names an image index, not an image of signatures`);
      }
      isThere = manifest !== undefined;
      return manifest?.layers ?? [];
    },
    prepare: async (layers) => {
      if (layers.length > limits.signatureLayers) {
        throw new RemoteError(
          'SIGNATURES_OVER_CAP',
          `${tag} would hold ${layers.length} signatures; readers look at ${limits.signatureLayers}`,
        );
      }
      const { config, manifest, mediaType } = encodeSignatureManifest(layers, place.format);
      await place.upload(config);
      const isAgain = isThere;
      return async () => {
        const refusal = await putTag(place, tag, manifest, mediaType);
        return isAgain ? explainedOf(refusal, tag) : refusal;
      };
    },
  };
}

/** Two layers are the same when readers see the same: payload and all annotations. */
export function layerKeyOf({ mediaType, digest, annotations = {} }: Descriptor): string {
  return JSON.stringify([mediaType, digest, Object.entries(annotations).sort(([a], [b]) => (a < b ? -1 : 1))]);
}
