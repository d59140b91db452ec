/** Verifies attestations about images: resolves each, finds what was attested about it, judges each attestation alone. */

import { mapPool } from '../base/pool.ts';
import type { Reference } from '../formats/oci/reference.ts';
import type { SignaturePolicy } from '../verify/policy.ts';
import { judgeAttestations } from './attestation-judgement.ts';
import type { AttestationTerms } from './attestation-judgement.ts';
import { unresolvedReportOf } from './found-judgement.ts';
import type { ImageContext } from './image-context.ts';
import { lookAt } from './look.ts';
import type { ImageReport, VerifyReport } from './verify-report.ts';

export interface VerifyAttestationsRequest extends Omit<AttestationTerms, 'signature'> {
  readonly references: readonly Reference[];
  /** May be a promise, so that reading keys and trusted roots overlaps with asking the registry. */
  readonly signature: SignaturePolicy | Promise<SignaturePolicy>;
  /** Images under way at once. */
  readonly inFlight: number;
}

/** Judges all images, whatever the others' outcome. Throws what reading the keys throws and what interrupts the command;
 *  everything that a registry or signer does wrong is in the report, whose `signatures` are attestations. */
export async function verifyAttestations(
  context: ImageContext,
  { references, signature, type, claims, inFlight }: VerifyAttestationsRequest,
): Promise<VerifyReport> {
  const awaited = Promise.resolve(signature).then((policy) => ({ signature: policy, type, claims }));
  const images = await mapPool(references, inFlight, (reference) => verifyOne(context, awaited, reference));
  return { images, exit: images.find(({ exit }) => exit !== 0)?.exit ?? 0 };
}

async function verifyOne(
  context: ImageContext,
  awaited: Promise<AttestationTerms>,
  reference: Reference,
): Promise<ImageReport> {
  // The name is resolved once; from here on the digest speaks. An image named by its digest is judged meanwhile.
  const early = reference.digest === undefined ? undefined : { reference, digest: reference.digest };
  const [look, terms, judged] = await Promise.all([
    lookAt(() => context.registry.fetchImage(reference)),
    awaited,
    early === undefined ? undefined : judgeAttestations(context, awaited, early),
  ]);
  return look.isSeen
    ? (judged ?? judgeAttestations(context, awaited, { reference, digest: look.value.digest }))
    : unresolvedReportOf(reference, terms, look.error);
}
