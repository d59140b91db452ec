/** Verifies images: resolves each, finds what was signed about it, judges every signature alone, and gives one of three
 *  answers: verified, no (absent or rejected), or "could not look". */

import { InputError, RemoteError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { mapPool } from '../base/pool.ts';
import type { Descriptor, ImageIndex } from '../formats/oci/manifest.ts';
import { imageIndexTypes } from '../formats/oci/media-type.ts';
import { referenceNameOf } from '../formats/oci/reference.ts';
import type { Reference } from '../formats/oci/reference.ts';
import type { SignaturePolicy } from '../verify/policy.ts';
import { unresolvedReportOf } from './found-judgement.ts';
import type { ImageContext } from './image-context.ts';
import { judgeImage, judgeStored } from './image-judgement.ts';
import { lookAt } from './look.ts';
import type { ImageReport, NamedImage, VerifyReport } from './verify-report.ts';
import { requirePossibleTerms } from './verify-terms.ts';
import type { VerifyTerms } from './verify-terms.ts';

export interface VerifyImageRequest extends AwaitedTerms {
  readonly reference: Reference;
}

export interface VerifyImagesRequest extends AwaitedTerms {
  readonly references: readonly Reference[];
  /** Images under way at once. */
  readonly inFlight: number;
}

interface AwaitedTerms extends Omit<VerifyTerms, 'signature'> {
  /** May be a promise, so that reading keys and trusted roots overlaps with asking the registry. */
  readonly signature: SignaturePolicy | Promise<SignaturePolicy>;
}

/** Judges one image. Throws THRESHOLD_INVALID, configuration errors and what interrupts the command; everything that a
 *  registry or signer does wrong is in the report. */
export async function verifyImage(context: ImageContext, request: VerifyImageRequest): Promise<ImageReport> {
  const { reference, isRecursive, detached } = request;
  // 1. The name is resolved once; from here on the digest speaks. An image named by its digest is judged meanwhile.
  const awaited = possibleTermsOf(request);
  const isEarly = reference.digest !== undefined && !isRecursive && detached === undefined;
  const [look, terms, early] = await Promise.all([
    lookAt(() => context.registry.fetchImage(reference)),
    awaited,
    isEarly ? judgeStored(context, awaited, { reference, digest: reference.digest }) : undefined,
  ]);
  if (!look.isSeen) {
    return unresolvedReportOf(reference, terms, look.error);
  }
  const { digest, manifest } = look.value;

  // 2. The image's own signatures and, if asked for, those of every child.
  return isRecursive && manifest.kind === 'index'
    ? judgeIndex({ context, terms, left: limits.indexChildren }, { reference, digest }, manifest, 1)
    : (early ?? judgeImage(context, terms, { reference, digest }));
}

async function possibleTermsOf<T extends AwaitedTerms>(request: T): Promise<T & VerifyTerms> {
  const terms = { ...request, signature: await request.signature };
  requirePossibleTerms(terms);
  return terms;
}

/** Judges all images, whatever the others' outcome. Throws as `verifyImage`. */
export async function verifyImages(context: ImageContext, request: VerifyImagesRequest): Promise<VerifyReport> {
  const images = await mapPool(request.references, request.inFlight, (reference) =>
    verifyImage(context, { ...request, reference }),
  );
  return { images, exit: images.find(({ exit }) => exit !== 0)?.exit ?? 0 };
}

/** One walk down an index. */
interface Walk {
  readonly context: ImageContext;
  readonly terms: VerifyTerms;
  /** Children that may still be judged, over all levels. */
  left: number;
}

/** Children under way at once; each has up to `limits.signaturesInFlight` requests. */
const CHILDREN_IN_FLIGHT = 4;

async function judgeIndex(walk: Walk, image: NamedImage, index: ImageIndex, depth: number): Promise<ImageReport> {
  walk.left -= index.manifests.length;
  if (walk.left < 0 || depth > limits.indexDepth) {
    const cap = walk.left < 0 ? `${limits.indexChildren} images` : `${limits.indexDepth} levels`;
    return unresolvedReportOf(
      image.reference,
      walk.terms,
      new InputError('INDEX_OVER_CAP', `${referenceNameOf(image.reference)}: the index has more than ${cap}`),
    );
  }
  const own = await judgeImage(walk.context, walk.terms, image);
  const children = await mapPool(index.manifests, CHILDREN_IN_FLIGHT, (child) =>
    judgeChild(walk, image.reference, child, depth),
  );
  return withChildren(own, children);
}

async function judgeChild(walk: Walk, parent: Reference, child: Descriptor, depth: number): Promise<ImageReport> {
  const { digest, platform, mediaType } = child;
  const image: NamedImage = {
    reference: { repository: parent.repository, digest },
    digest,
    ...(platform === undefined ? {} : { platform }),
  };
  // A child is named by digest: it need not be fetched to be judged, unless it has children of its own.
  if (!imageIndexTypes.includes(mediaType)) {
    return judgeImage(walk.context, walk.terms, image);
  }
  const look = await lookAt(() => walk.context.registry.fetchImage(image.reference));
  if (!look.isSeen) {
    // Not there is no answer about a child: the index promises it.
    const isPromised = look.error.code === 'IMAGE_NOT_FOUND';
    const lost = new RemoteError('BLOB_NOT_FOUND', `the index names ${digest}, which the registry does not have`);
    return unresolvedReportOf(image.reference, walk.terms, isPromised ? lost : look.error);
  }
  const { manifest } = look.value;
  return manifest.kind === 'index'
    ? judgeIndex(walk, image, manifest, depth + 1)
    : judgeImage(walk.context, walk.terms, image);
}

/** All must verify. "Could not look" wins over every other failure; else the first failure in order decides. */
function withChildren(own: ImageReport, children: readonly ImageReport[]): ImageReport {
  const failures = [own, ...children].filter(({ outcome }) => outcome !== 'verified');
  const decisive = failures.find(({ outcome }) => outcome === 'unknown') ?? failures[0];
  if (decisive === undefined || decisive === own) {
    return { ...own, children };
  }
  const { outcome, exit, failed, reference } = decisive;
  return {
    ...own,
    children,
    outcome,
    exit,
    summary: `child ${referenceNameOf(reference)}: ${decisive.summary}`,
    ...(failed === undefined ? {} : { failed }),
  };
}
