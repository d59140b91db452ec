/** Everything that is stored about an image: attachment tags, referrers, markers of signers at work. Read to be shown,
 *  copied or removed; whether to believe any of it is for verification. */

import { RemoteError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { mapPool } from '../base/pool.ts';
import type { FetchedManifest, Referrers } from '../clients/registry/registry-client.ts';
import { isBundleMediaType } from '../formats/bundle/media-type.ts';
import { attachmentTagOf } from '../formats/cosign/attachment-tag.ts';
import type { AttachmentKind } from '../formats/cosign/attachment-tag.ts';
import { COSIGN_SIGN_PREDICATE } from '../formats/intoto/statement.ts';
import type { Digest } from '../formats/oci/digest.ts';
import { artifactTypeOf } from '../formats/oci/manifest.ts';
import type { Descriptor, Manifest } from '../formats/oci/manifest.ts';
import { mediaTypes } from '../formats/oci/media-type.ts';
import { repositoryNameOf } from '../formats/oci/reference.ts';
import type { ImageContext, Subject } from './image-context.ts';

/** A manifest under a tag. */
export interface StoredAttachment extends FetchedManifest {
  readonly kind: AttachmentKind;
  readonly tag: string;
}

/** What a referrer says it is: by its manifest's unsigned annotations, which only label it. */
export type ReferrerKind = 'signature' | 'attestation' | 'bundle' | 'other';

export interface StoredReferrer extends FetchedManifest {
  readonly kind: ReferrerKind;
  /** The predicate type that it names, else its artifact type. */
  readonly label: string;
}

export interface StoredReferrers {
  readonly listed: Referrers;
  /** About this image, by their own word. */
  readonly referrers: readonly StoredReferrer[];
  /** Listed, but the registry does not have them. */
  readonly missing: readonly Digest[];
}

const ATTACHMENT_KINDS: readonly AttachmentKind[] = ['sig', 'att', 'sbom'];
const MARKER_ENDING = /^-[0-9a-f]{12}$/;
const SIGNED_TYPES: readonly string[] = [mediaTypes.simpleSigning, mediaTypes.dsseEnvelope];
const RUNNABLE = /\.image\.(?:layer|rootfs)\./;
const PREDICATE_TYPE = 'dev.sigstore.bundle.predicateType';

/** The attachments that are there, in the order `.sig`, `.att`, `.sbom`. Throws what RegistryClient throws. */
export async function readAttachments(
  { registry, tagPrefix }: ImageContext,
  { repository, digest }: Subject,
): Promise<readonly StoredAttachment[]> {
  const found = await Promise.all(
    ATTACHMENT_KINDS.map(async (kind) => {
      const tag = attachmentTagOf(digest, kind, tagPrefix);
      const fetched = await registry.fetchManifest(repository, tag);
      return fetched === undefined ? [] : [{ kind, tag, ...fetched }];
    }),
  );
  return found.flat();
}

/** The tags that signers at work, or signers that were cut off, left for each other; none where there is no listing. */
export async function readMarkerTags(
  { registry, tagPrefix }: ImageContext,
  { repository, digest }: Subject,
): Promise<readonly string[]> {
  const stem = attachmentTagOf(digest, 'sig', tagPrefix);
  const tags = (await registry.listTags(repository, `${stem}-`)) ?? [];
  return tags.filter((tag) => MARKER_ENDING.test(tag.slice(stem.length)));
}

/** Whether what a tag names is what its name says. Whoever may push may point such a tag at any image, which must then not
 *  be removed by its digest: all its other tags, and everybody who pulls it by digest, would lose it. */
export function isAttachment(kind: AttachmentKind | 'marker', { manifest }: FetchedManifest): boolean {
  if (manifest.kind === 'index' || manifest.subject !== undefined) {
    return false;
  }
  // An SBOM may have any type but those of which an image is made; the others have known ones.
  return manifest.layers.every(({ mediaType }) =>
    kind === 'sbom' ? !RUNNABLE.test(mediaType) : SIGNED_TYPES.includes(mediaType),
  );
}

/** Referrers with their manifests, in the order of the listing. Throws what RegistryClient throws, and
 *  SIGNATURES_OVER_CAP: a part of the list would pass for the whole. */
export async function readReferrers(
  { registry }: ImageContext,
  { repository, digest }: Subject,
): Promise<StoredReferrers> {
  const listed = await registry.fetchReferrers(repository, digest);
  if (listed.isCapped) {
    throw new RemoteError(
      'SIGNATURES_OVER_CAP',
      `${repositoryNameOf(repository)}@${digest}: more than ${limits.referrers} referrers are listed`,
    );
  }
  const fetched = await mapPool(listed.descriptors, limits.signaturesInFlight, (descriptor) =>
    registry.fetchManifest(repository, descriptor.digest),
  );
  const present = fetched.filter((each) => each !== undefined);
  const referrers = present
    .filter(({ manifest }) => manifest.subject?.digest === digest)
    .map((each) => ({ ...each, ...kindOf(each.manifest) }));
  const missing = listed.descriptors
    .filter((_, index) => fetched[index] === undefined)
    .map((descriptor) => descriptor.digest);
  return { listed, referrers, missing };
}

/** How a list of referrers names this one. */
export function descriptorOfReferrer({ manifest, digest, bytes }: FetchedManifest): Descriptor {
  const artifactType = artifactTypeOf(manifest);
  const { mediaType, annotations } = manifest;
  return {
    mediaType,
    digest,
    size: bytes.length,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

function kindOf(manifest: Manifest): Pick<StoredReferrer, 'kind' | 'label'> {
  const predicateType = manifest.annotations?.[PREDICATE_TYPE];
  const label = predicateType ?? artifactTypeOf(manifest) ?? 'unknown';
  if (manifest.kind === 'index' || !manifest.layers.some((layer) => isBundleMediaType(layer.mediaType))) {
    return { kind: 'other', label };
  }
  if (predicateType === undefined) {
    return { kind: 'bundle', label };
  }
  return { kind: predicateType === COSIGN_SIGN_PREDICATE ? 'signature' : 'attestation', label };
}
