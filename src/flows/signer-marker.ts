/** The marker by which signers of one image see each other, as a registry holds it: a tag `sha256-<hex>.sig-<12 hex>` that
 *  only its signer writes, naming an image of that signer's own signatures. It also keeps these from being collected as
 *  garbage until the shared lists name them. Its annotations make it differ from what `.sig` will be, so that deleting it
 *  by digest deletes nothing else. */

import { CountersignError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { mapPool } from '../base/pool.ts';
import { rfc3339Of } from '../base/time.ts';
import type { FetchedManifest } from '../clients/registry/registry-client.ts';
import { encodeSignatureManifest } from '../formats/cosign/signature-manifest.ts';
import { isDigest } from '../formats/oci/digest.ts';
import type { Digest } from '../formats/oci/digest.ts';
import type { Descriptor, ImageManifest } from '../formats/oci/manifest.ts';
import { mediaTypes } from '../formats/oci/media-type.ts';
import type { Marker, MarkerBoard, MarkerState } from './shared-shelf.ts';
import { markerStemOf, putTag } from './signature-place.ts';
import type { SignaturePlace } from './signature-place.ts';
import { descriptorOfReferrer } from './stored-artifacts.ts';

/** What a signer adds to each list that it writes. */
export interface MarkedItems {
  readonly layers: readonly Descriptor[];
  /** Absent when this signer does not write the fallback index. */
  readonly referrers?: readonly Descriptor[];
}

const annotationNames = {
  signer: 'dev.countersign.signer',
  state: 'dev.countersign.state',
  deadline: 'dev.countersign.deadline',
  referrers: 'dev.countersign.referrers',
} as const;
const NAME = /^[0-9a-f]{12}$/;

/** `own` stands in this signer's markers; `itemsOf` puts what a marker names in the order of the shelf's lists. */
export function openMarkerBoard(
  place: SignaturePlace,
  own: MarkedItems,
  itemsOf: (items: MarkedItems) => readonly (readonly Descriptor[])[],
): MarkerBoard<Descriptor> {
  const { registry, repository } = place;
  const stem = markerStemOf(place);
  /** Of the markers read and written: deleting needs them. */
  const digests = new Map<string, Digest>();
  return {
    list: async () => {
      const tags = await registry.listTags(repository, stem);
      return tags?.map((tag) => tag.slice(stem.length)).filter((name) => NAME.test(name));
    },
    read: async (name) => {
      const fetched = await registry.fetchManifest(repository, stem + name);
      if (fetched === undefined) {
        return undefined;
      }
      digests.set(name, fetched.digest);
      return parseMarker(place, name, fetched, own.referrers !== undefined, itemsOf);
    },
    write: async (name, state, deadline) => {
      const { config, manifest, mediaType, digest } = encodeMarker(place, own, name, state, deadline);
      await place.upload(config);
      digests.set(name, digest);
      return putTag(place, stem + name, manifest, mediaType);
    },
    remove: async (name) => removeMarker(place, stem + name, digests.get(name)),
  };
}

function encodeMarker(
  { format }: SignaturePlace,
  own: MarkedItems,
  name: string,
  state: MarkerState,
  deadline: Date,
): ReturnType<typeof encodeSignatureManifest> {
  const referrers = own.referrers?.map(({ digest }) => digest).join(' ');
  const annotations = {
    [annotationNames.signer]: name,
    [annotationNames.state]: state,
    [annotationNames.deadline]: rfc3339Of(deadline),
    ...(referrers === undefined ? {} : { [annotationNames.referrers]: referrers }),
  };
  return encodeSignatureManifest(own.layers, { ...format, annotations });
}

/** Anybody who may push may write such a tag: what is no marker of ours is left alone. */
async function parseMarker(
  place: SignaturePlace,
  name: string,
  { digest, manifest }: FetchedManifest,
  isReferrersWanted: boolean,
  itemsOf: (items: MarkedItems) => readonly (readonly Descriptor[])[],
): Promise<Marker<Descriptor> | 'no marker'> {
  const annotations = manifest.annotations ?? {};
  const deadline = new Date(annotations[annotationNames.deadline] ?? '');
  const state = annotations[annotationNames.state];
  const isMarker = manifest.kind === 'image' && annotations[annotationNames.signer] === name;
  if (!isMarker || Number.isNaN(deadline.getTime()) || (state !== 'active' && state !== 'done')) {
    return 'no marker';
  }
  const layers = layersOf(place, manifest);
  const named = isReferrersWanted ? (annotations[annotationNames.referrers] ?? '') : '';
  return {
    name,
    state,
    version: digest,
    deadline,
    items: itemsOf({ layers, referrers: await readReferrers(place, named) }),
  };
}

/** Those of this place's own list: an attester's marker names attestations, which have no place among signatures. */
function layersOf({ kind }: SignaturePlace, { layers }: ImageManifest): readonly Descriptor[] {
  const wanted = { sig: mediaTypes.simpleSigning, att: mediaTypes.dsseEnvelope }[kind];
  return layers.filter(({ mediaType }) => mediaType === wanted).slice(0, limits.signatureLayers);
}

/** The named bundles that are there by now and really about the image. A signer raises its marker while its bundle is
 *  still being uploaded; it is not done before it is there. */
async function readReferrers(
  { registry, repository, subject }: SignaturePlace,
  named: string,
): Promise<readonly Descriptor[]> {
  const digests = named.split(' ').filter(isDigest).slice(0, limits.referrers);
  const fetched = await mapPool(digests, limits.signaturesInFlight, (digest) =>
    registry.fetchManifest(repository, digest),
  );
  return fetched
    .filter((each) => each?.manifest.subject?.digest === subject.digest)
    .map((each) => descriptorOfReferrer(each as FetchedManifest));
}

/** A marker that cannot be removed harms nobody: it is told, and the signature counts. */
async function removeMarker(
  { registry, repository, log }: SignaturePlace,
  tag: string,
  digest: Digest | undefined,
): Promise<boolean> {
  if (digest === undefined) {
    return true;
  }
  try {
    const isRemoved = await registry.deleteTag(repository, tag, digest);
    if (!isRemoved) {
      log.noteOnce(
        'This registry does not allow deletion, so the marker tags by which concurrent signers see each other stay. They are harmless; --single-signer writes none.',
      );
    }
    return isRemoved;
  } catch (error) {
    if (!(error instanceof CountersignError)) {
      throw error;
    }
    log.noteOnce(
      `The marker ${tag} could not be removed: ${error.message}. The next signature of this image, or "countersign clean", removes it.`,
    );
    return false;
  }
}
