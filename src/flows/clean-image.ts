/** Removes what is stored about an image, in two steps: a plan to show, then the deletion. Only what cosign and
 *  Countersign store is removed; referrers of other tools stay. */

import { RemoteError } from '../base/errors.ts';
import { fallbackTagOf } from '../clients/registry/referrers.ts';
import type { FetchedManifest } from '../clients/registry/registry-client.ts';
import type { AttachmentKind } from '../formats/cosign/attachment-tag.ts';
import type { Digest } from '../formats/oci/digest.ts';
import { mediaTypes } from '../formats/oci/media-type.ts';
import { repositoryNameOf } from '../formats/oci/reference.ts';
import type { Reference } from '../formats/oci/reference.ts';
import { encodeReferrersIndex } from '../formats/oci/referrers-index.ts';
import { subjectOf } from './image-context.ts';
import type { ImageContext, Subject } from './image-context.ts';
import { isAttachment, readAttachments, readMarkerTags, readReferrers } from './stored-artifacts.ts';
import type { ReferrerKind } from './stored-artifacts.ts';

/** cosign's `--type`. `referrer`: every bundle among the referrers. */
export type CleanType = 'all' | 'signature' | 'attestation' | 'sbom' | 'referrer';

export interface CleanRequest {
  readonly reference: Reference;
  readonly type: CleanType;
}

export type CleanItem =
  /** A tag and the manifest that it names. */
  | {
      readonly kind: 'signatures' | 'attestations' | 'sboms' | 'marker';
      readonly tag: string;
      readonly digest: Digest;
      readonly name: string;
    }
  /** A manifest without a tag. `name` is the full name with the digest. */
  | { readonly kind: 'referrer'; readonly digest: Digest; readonly name: string };

/** What would be removed: for the prompt and for a dry run. */
export interface CleanPlan {
  readonly reference: Reference;
  /** "registry/repository@sha256:…". */
  readonly resolved: string;
  /** Where it is stored. */
  readonly subject: Subject;
  readonly items: readonly CleanItem[];
}

export interface CleanReport {
  readonly removed: readonly CleanItem[];
}

const ATTACHMENTS: Readonly<
  Record<AttachmentKind, { readonly kind: 'signatures' | 'attestations' | 'sboms'; readonly type: CleanType }>
> = {
  sig: { kind: 'signatures', type: 'signature' },
  att: { kind: 'attestations', type: 'attestation' },
  sbom: { kind: 'sboms', type: 'sbom' },
};

const REFERRERS: Readonly<Record<ReferrerKind, readonly CleanType[]>> = {
  signature: ['signature', 'referrer', 'all'],
  attestation: ['attestation', 'referrer', 'all'],
  bundle: ['referrer', 'all'],
  other: [],
};

/** Looks, changes nothing. Throws IMAGE_NOT_FOUND, SIGNATURES_OVER_CAP and what RegistryClient throws. */
export async function planClean(context: ImageContext, { reference, type }: CleanRequest): Promise<CleanPlan> {
  const { digest } = await context.registry.fetchImage(reference);
  const subject = subjectOf(context, reference.repository, digest);
  const [attachments, { referrers }, markers] = await Promise.all([
    readAttachments(context, subject),
    readReferrers(context, subject),
    readMarkers(context, subject),
  ]);
  const place = repositoryNameOf(subject.repository);
  const isWanted = (kind: CleanType): boolean => type === 'all' || type === kind;
  const items: CleanItem[] = [
    ...attachments
      .filter((each) => isWanted(ATTACHMENTS[each.kind].type) && isOurs(context, each.tag, each.kind, each))
      .map((each) => ({
        kind: ATTACHMENTS[each.kind].kind,
        tag: each.tag,
        digest: each.digest,
        name: `${place}:${each.tag}`,
      })),
    ...(isWanted('signature')
      ? markers.map((marker) => ({ kind: 'marker' as const, ...marker, name: `${place}:${marker.tag}` }))
      : []),
    ...referrers
      .filter(({ kind }) => REFERRERS[kind].includes(type))
      .map((each) => ({ kind: 'referrer' as const, digest: each.digest, name: `${place}@${each.digest}` })),
  ];
  return { reference, resolved: `${repositoryNameOf(reference.repository)}@${digest}`, subject, items };
}

/** Removes what the plan lists. Throws CLEAN_FORBIDDEN when the registry does not allow deletion; running again goes on. */
export async function cleanImage(context: ImageContext, { subject, items }: CleanPlan): Promise<CleanReport> {
  // 1. The list first: a listed referrer that is gone makes readers fail, an unlisted one that is there harms nobody.
  await unlist(context, subject, new Set(items.filter(({ kind }) => kind === 'referrer').map(({ digest }) => digest)));

  // 2. Then what it listed, and the tags.
  const removed: CleanItem[] = [];
  for (const item of items) {
    const isRemoved =
      item.kind === 'referrer'
        ? await context.registry.deleteManifest(subject.repository, item.digest)
        : await context.registry.deleteTag(subject.repository, item.tag, item.digest);
    if (!isRemoved) {
      throw new RemoteError(
        'CLEAN_FORBIDDEN',
        `the registry does not allow ${item.name} to be deleted; ${removed.length} of ${items.length} were removed before it`,
      );
    }
    removed.push(item);
  }
  return { removed };
}

/** Takes the referrers off the fallback index, and with them what is listed there but gone. Registries with the referrers
 *  API keep their own list. */
async function unlist(context: ImageContext, subject: Subject, gone: ReadonlySet<Digest>): Promise<void> {
  const { listed, missing } = await readReferrers(context, subject);
  const stays = listed.descriptors.filter(({ digest }) => !gone.has(digest) && !missing.includes(digest));
  if (gone.size === 0 || listed.fallbackIndex === undefined || stays.length === listed.descriptors.length) {
    return;
  }
  const tag = fallbackTagOf(subject.digest);
  const isTagGone =
    stays.length === 0 && (await context.registry.deleteTag(subject.repository, tag, listed.fallbackIndex.digest));
  if (!isTagGone) {
    await context.registry.putManifest(subject.repository, tag, encodeReferrersIndex(stays), mediaTypes.ociIndex);
  }
}

/** Says what is left alone because it is not what its tag says. */
function isOurs(
  { runtime }: ImageContext,
  tag: string,
  kind: AttachmentKind | 'marker',
  named: FetchedManifest,
): boolean {
  const isIt = isAttachment(kind, named);
  if (!isIt) {
    runtime.log.warn(`the tag ${tag} names ${named.digest}, which is no attachment: it is left alone`);
  }
  return isIt;
}

/** Markers with the manifests that they name; one that went away meanwhile is left out. */
async function readMarkers(
  context: ImageContext,
  subject: Subject,
): Promise<readonly { readonly tag: string; readonly digest: Digest }[]> {
  const tags = await readMarkerTags(context, subject);
  const fetched = await Promise.all(
    tags.map(async (tag) => ({ tag, manifest: await context.registry.fetchManifest(subject.repository, tag) })),
  );
  return fetched.flatMap(({ tag, manifest }) =>
    manifest !== undefined && isOurs(context, tag, 'marker', manifest) ? [{ tag, digest: manifest.digest }] : [],
  );
}
