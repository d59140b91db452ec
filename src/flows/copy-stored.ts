/** Copies what is stored about one image: attachments under their tags, and referrers. Nothing that the destination holds
 *  is lost: signatures and lists there are added to. */

import { InputError, RemoteError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { FetchedManifest } from '../clients/registry/registry-client.ts';
import { fallbackTagOf } from '../clients/registry/referrers.ts';
import type { AttachmentKind } from '../formats/cosign/attachment-tag.ts';
import { encodeSignatureManifest } from '../formats/cosign/signature-manifest.ts';
import type { Digest } from '../formats/oci/digest.ts';
import type { Descriptor } from '../formats/oci/manifest.ts';
import { mediaTypes } from '../formats/oci/media-type.ts';
import { repositoryNameOf } from '../formats/oci/reference.ts';
import { encodeReferrersIndex } from '../formats/oci/referrers-index.ts';
import { copyBlobs, copyManifests, readManifestTree } from './copy-manifest.ts';
import type { Transfer } from './copy-manifest.ts';
import type { ImageContext } from './image-context.ts';
import { descriptorOfReferrer, readAttachments, readReferrers } from './stored-artifacts.ts';
import type { ReferrerKind, StoredAttachment } from './stored-artifacts.ts';

/** Which referrers go with which of `--only`. */
const KIND_OF: Readonly<Record<ReferrerKind, AttachmentKind | undefined>> = {
  signature: 'sig',
  attestation: 'att',
  bundle: 'att',
  other: undefined,
};

/** Tries at bringing the list of referrers up to date while others write it too. */
const LIST_TRIES = 5;

/** `only` undefined copies all kinds. Throws COPY_TAG_TAKEN for another SBOM under the tag, SIGNATURES_OVER_CAP, and what
 *  RegistryClient throws. */
export async function copyStored(
  context: ImageContext,
  transfer: Transfer,
  digest: Digest,
  only: readonly AttachmentKind[] | undefined,
  isForced: boolean,
): Promise<void> {
  await copyLevel({ context, transfer, only, isForced, left: limits.referrers }, digest, 0);
}

/** One image's copy, down all levels. */
interface Copy {
  readonly context: ImageContext;
  readonly transfer: Transfer;
  readonly only: readonly AttachmentKind[] | undefined;
  readonly isForced: boolean;
  /** Referrers that may still be copied, over all levels: each could have as many of its own. */
  left: number;
}

async function copyLevel(copy: Copy, digest: Digest, depth: number): Promise<void> {
  const { context, transfer, only, isForced } = copy;
  const subject = { repository: transfer.from, digest };
  const [attachments, { referrers, missing }] = await Promise.all([
    readAttachments(context, subject),
    readReferrers(context, subject),
  ]);
  for (const attachment of attachments.filter(({ kind }) => only?.includes(kind) ?? true)) {
    await copyAttachment(transfer, attachment, isForced);
  }
  missing.forEach((lost) =>
    context.runtime.log.warn(
      `${repositoryNameOf(transfer.from)} lists ${lost} about ${digest} but does not have it: not copied`,
    ),
  );
  const wanted = referrers.filter(({ kind }) => only === undefined || only.some((each) => each === KIND_OF[kind]));
  copy.left -= wanted.length;
  if (copy.left < 0) {
    const name = `${repositoryNameOf(transfer.from)}@${digest}`;
    throw new RemoteError(
      'SIGNATURES_OVER_CAP',
      `${name}: more than ${limits.referrers} referrers, those of referrers included`,
    );
  }
  for (const referrer of wanted) {
    await copyManifests(transfer, await readManifestTree(transfer, referrer), 'referrer');
    // What is signed about an SBOM goes with it.
    if (depth < limits.indexDepth) {
      await copyLevel(copy, referrer.digest, depth + 1);
    }
  }
  await listReferrers(context, transfer, digest, wanted.map(descriptorOfReferrer));
}

async function copyAttachment(transfer: Transfer, attachment: StoredAttachment, isForced: boolean): Promise<void> {
  const { registry, to, copied } = transfer;
  const { tag, bytes, manifest, kind } = attachment;
  const name = `${repositoryNameOf(to)}:${tag}`;
  const there = await registry.fetchManifest(to, tag);
  const lacking = layersLacking(there, attachment);
  copied.push({ kind: 'attachment', name, wasThere: lacking === 'nothing' });
  if (lacking === 'nothing') {
    return;
  }
  if (there !== undefined && lacking !== 'all' && kind !== 'sbom') {
    await addLayers(transfer, tag, there, lacking);
    return;
  }
  if (there !== undefined && !isForced) {
    throw new InputError('COPY_TAG_TAKEN', `${name} names ${there.digest} already, which is not what would be copied`);
  }
  await copyManifests(transfer, (await readManifestTree(transfer, attachment)).slice(0, -1), 'attachment');
  await copyBlobs(transfer, manifest.kind === 'image' ? [manifest.config, ...manifest.layers] : []);
  await registry.putManifest(to, tag, bytes, manifest.mediaType);
}

/** What the destination lacks: nothing, some layers, or all of it (also when the two cannot be merged). */
function layersLacking(
  there: FetchedManifest | undefined,
  wanted: StoredAttachment,
): 'nothing' | 'all' | readonly Descriptor[] {
  if (there?.digest === wanted.digest) {
    return 'nothing';
  }
  if (there?.manifest.kind !== 'image' || wanted.manifest.kind !== 'image') {
    return 'all';
  }
  const present = new Set(there.manifest.layers.map(layerKeyOf));
  const lacking = wanted.manifest.layers.filter((layer) => !present.has(layerKeyOf(layer)));
  return lacking.length === 0 && wanted.kind !== 'sbom' ? 'nothing' : lacking;
}

function layerKeyOf({ digest, annotations = {} }: Descriptor): string {
  return JSON.stringify([digest, Object.entries(annotations).toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}

async function addLayers(
  transfer: Transfer,
  tag: string,
  there: FetchedManifest,
  lacking: readonly Descriptor[],
): Promise<void> {
  const { registry, to } = transfer;
  const present = there.manifest.kind === 'image' ? there.manifest.layers : [];
  const merged = encodeSignatureManifest([...present, ...lacking], {
    mediaTypes: there.manifest.mediaType === mediaTypes.dockerManifest ? 'docker' : 'oci',
  });
  await copyBlobs(transfer, lacking);
  await registry.putBlob(to, merged.config);
  await registry.putManifest(to, tag, merged.manifest, merged.mediaType);
}

/** Where the destination has no referrers API, adds the copied ones to the list under the fallback tag, and looks whether
 *  another writer has taken them off again meanwhile. What is listed there but gone is left out: registries refuse a list
 *  of what they do not have. */
async function listReferrers(
  context: ImageContext,
  { registry, to }: Transfer,
  subject: Digest,
  copied: readonly Descriptor[],
): Promise<void> {
  if (copied.length === 0) {
    return;
  }
  for (let tries = 0; tries < LIST_TRIES; tries += 1) {
    const { hasApi, descriptors } = await registry.fetchReferrers(to, subject);
    const listed = new Set(descriptors.map(({ digest }) => digest));
    if (hasApi || copied.every(({ digest }) => listed.has(digest))) {
      return;
    }
    const { missing } = await readReferrers(context, { repository: to, digest: subject });
    const kept = descriptors.filter(({ digest }) => !missing.includes(digest));
    await registry.putManifest(
      to,
      fallbackTagOf(subject),
      encodeReferrersIndex([...kept, ...copied]),
      mediaTypes.ociIndex,
    );
  }
  throw new RemoteError(
    'REGISTRY_FAILED',
    `${repositoryNameOf(to)}: others write the list of referrers of ${subject} at the same time; run the copy again`,
  );
}
