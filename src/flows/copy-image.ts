/** Copies an image with everything that is stored about it: blobs, manifests, attachments, referrers, and the tag last.
 *  What is there already is not sent again, so a copy that broke off goes on where it stopped. */

import { InputError, UsageError } from '../base/errors.ts';
import type { TransferProgress } from '../clients/registry/registry-client.ts';
import type { AttachmentKind } from '../formats/cosign/attachment-tag.ts';
import type { Digest } from '../formats/oci/digest.ts';
import type { Descriptor, Platform } from '../formats/oci/manifest.ts';
import { referenceNameOf, repositoryNameOf } from '../formats/oci/reference.ts';
import type { Reference } from '../formats/oci/reference.ts';
import type { ResolvedImage } from '../formats/oci/resolved-image.ts';
import { copyManifests, readManifestTree } from './copy-manifest.ts';
import type { CopiedManifest, Transfer } from './copy-manifest.ts';
import { copyStored } from './copy-stored.ts';
import { subjectOf } from './image-context.ts';
import type { ImageContext } from './image-context.ts';

export interface CopyRequest {
  readonly source: Reference;
  readonly destination: Reference;
  /** Only these attachments, not the image; undefined copies everything. */
  readonly only?: readonly AttachmentKind[];
  /** One image of an index instead of the index. */
  readonly platform?: Platform;
  /** Replaces a destination tag that names another image. Signatures at the destination are never replaced, only added to. */
  readonly isForced: boolean;
  readonly progress: TransferProgress;
}

export interface CopyReport {
  /** "registry/repository@sha256:…". */
  readonly source: string;
  readonly destination: string;
  readonly tag?: string;
  readonly digest: Digest;
  readonly copied: readonly CopiedManifest[];
}

/** Throws COPY_TAG_TAKEN, PLATFORM_NOT_FOUND, DIGEST_UNEXPECTED, INDEX_OVER_CAP, IMAGE_NOT_FOUND and what RegistryClient
 *  throws. Until the last step the destination tag stays what it was. */
export async function copyImage(context: ImageContext, request: CopyRequest): Promise<CopyReport> {
  const { source, destination, only, isForced, progress } = request;

  // 1. What is copied, and whether it may go there.
  const image = await pickPlatform(context, await context.registry.fetchImage(source), request.platform);
  if (only === undefined) {
    await requireFreeTag(context, destination, image.digest, isForced);
  }

  // 2. Blobs and manifests, children before the index that names them.
  const copied: CopiedManifest[] = [];
  const transfer: Transfer = {
    registry: context.registry,
    from: source.repository,
    to: destination.repository,
    progress,
    copied,
  };
  const manifests = await readManifestTree(transfer, image);
  if (only === undefined) {
    await copyManifests(transfer, manifests, 'image');
  }

  // 3. What is stored about each of them.
  for (const { digest } of manifests) {
    const { repository } = subjectOf(context, source.repository, digest);
    await copyStored(context, { ...transfer, from: repository }, digest, only, isForced);
  }

  // 4. The tag, when all that it stands for is there.
  if (only === undefined && destination.tag !== undefined) {
    await context.registry.putManifest(destination.repository, destination.tag, image.bytes, image.manifest.mediaType);
  }
  return {
    source: `${repositoryNameOf(source.repository)}@${image.digest}`,
    destination: `${repositoryNameOf(destination.repository)}@${image.digest}`,
    ...(destination.tag === undefined ? {} : { tag: destination.tag }),
    digest: image.digest,
    copied,
  };
}

async function pickPlatform(
  { registry }: ImageContext,
  image: ResolvedImage,
  wanted: Platform | undefined,
): Promise<ResolvedImage> {
  if (wanted === undefined || image.manifest.kind === 'image') {
    return image;
  }
  const { manifests } = image.manifest;
  const child = manifests.find(({ platform }) => platform !== undefined && isPlatform(platform, wanted));
  if (child === undefined) {
    const there = manifests
      .flatMap(({ platform }: Descriptor) => (platform === undefined ? [] : [platformNameOf(platform)]))
      .join(', ');
    throw new InputError(
      'PLATFORM_NOT_FOUND',
      `${referenceNameOf(image.reference)} has no image for ${platformNameOf(wanted)}; it has: ${there}`,
    );
  }
  return registry.fetchImage({ repository: image.reference.repository, digest: child.digest });
}

function isPlatform(seen: Platform, wanted: Platform): boolean {
  return (
    seen.os === wanted.os &&
    seen.architecture === wanted.architecture &&
    (wanted.variant === undefined || seen.variant === wanted.variant)
  );
}

function platformNameOf({ os, architecture, variant }: Platform): string {
  return [os, architecture, variant].filter((part) => part !== undefined).join('/');
}

async function requireFreeTag(
  { registry }: ImageContext,
  destination: Reference,
  digest: Digest,
  isForced: boolean,
): Promise<void> {
  if (destination.digest !== undefined && destination.digest !== digest) {
    throw new UsageError(
      'DIGEST_UNEXPECTED',
      `the destination names ${destination.digest}, but the image is ${digest}: a copy keeps the digest`,
    );
  }
  if (destination.tag === undefined || isForced) {
    return;
  }
  const there = await registry.fetchManifest(destination.repository, destination.tag);
  if (there !== undefined && there.digest !== digest) {
    throw new InputError(
      'COPY_TAG_TAKEN',
      `${referenceNameOf(destination)} names ${there.digest} already, which is not the ${digest} to be copied`,
    );
  }
}
