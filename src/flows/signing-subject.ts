/** The image that something is signed about. */

import { VerificationError } from '../base/errors.ts';
import type { Digest } from '../formats/oci/digest.ts';
import { referenceNameOf } from '../formats/oci/reference.ts';
import type { Reference } from '../formats/oci/reference.ts';
import type { ResolvedImage } from '../formats/oci/resolved-image.ts';
import type { SignContext } from './sign-context.ts';
import type { SigningMethod } from './signing-method.ts';

export interface SubjectRequest {
  readonly reference: Reference;
  /** Refuse to sign when the reference resolves to anything else. */
  readonly expectDigest?: Digest;
}

/** Resolves the name, once. Throws what the registry client throws, and DIGEST_UNEXPECTED. */
export async function resolveSubject(context: SignContext, request: SubjectRequest): Promise<ResolvedImage> {
  const { reference, expectDigest } = request;
  const image = await context.registry.fetchImage(reference);
  if (expectDigest !== undefined && expectDigest !== image.digest) {
    throw new VerificationError(
      'DIGEST_UNEXPECTED',
      `${referenceNameOf(reference)} is ${image.digest}, expected ${expectDigest}`,
    );
  }
  if (reference.digest === undefined) {
    context.runtime.log.note(
      `${referenceNameOf(reference)} is a tag, which can be moved at any time. Signing what it names now: ${image.digest}`,
    );
  }
  return image;
}

/** Says once that no log is used. */
export function noteUnlogged({ runtime }: SignContext, { services }: SigningMethod): void {
  if (services === undefined || services.logs.length === 0) {
    runtime.log.noteOnce(
      'The signature is not entered into a transparency log, because none is configured. (cosign would use a public one.)',
    );
  }
}
