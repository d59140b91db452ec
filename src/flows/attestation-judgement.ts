/** One image's attestations into one answer. All are judged, since all that are acceptable are printed. */

import { digestAlgorithmOf, digestHexOf } from '../formats/oci/digest.ts';
import { repositoryNameOf } from '../formats/oci/reference.ts';
import { verifyAttestation } from '../verify/attestation-signature.ts';
import type { AttestationPolicy, SubjectPolicy } from '../verify/attestation-signature.ts';
import type { SignaturePolicy } from '../verify/policy.ts';
import type { Check } from '../verify/verdict.ts';
import { closestFailureOf, imageReportOf, judgeFound, placeChecksOf, unknownConclusionOf } from './found-judgement.ts';
import type { Conclusion } from './found-judgement.ts';
import { subjectOf } from './image-context.ts';
import type { ImageContext } from './image-context.ts';
import { findImageAttestations } from './image-signatures.ts';
import { signerTextOf } from './verify-report.ts';
import type { ImageReport, NamedImage, SignatureReport } from './verify-report.ts';

/** The type that is asked for: `name` is how the person wrote it. */
export type WantedType =
  | { readonly kind: 'exactly'; readonly uri: string; readonly name: string }
  | { readonly kind: 'any' };

/** On which terms an image counts as attested. */
export interface AttestationTerms {
  readonly signature: SignaturePolicy;
  readonly type: WantedType;
  /** `unchecked` is `--check-claims=false`: the attestation may be about anything. */
  readonly claims: { readonly kind: 'check' } | { readonly kind: 'unchecked' };
}

/** Looks in both places and judges what is there: the registry is asked while the terms (their keys) are still on their
 *  way. Throws what `lookAt` throws on, and what `awaited` rejects with. */
export async function judgeAttestations(
  context: ImageContext,
  awaited: Promise<AttestationTerms>,
  image: NamedImage,
): Promise<ImageReport> {
  const judged = await judgeFound(
    (isEnough) =>
      findImageAttestations(context, subjectOf(context, image.reference.repository, image.digest), isEnough),
    async (entity) => verifyAttestation(entity, policyOf(await awaited, image)),
    async () => false,
  );
  const terms = await awaited;
  const checks = placeChecksOf(image, judged);
  const conclusion = acceptance(terms, judged.signatures) ?? refusal(terms, image, checks, judged.signatures);
  return imageReportOf(image, terms.claims.kind === 'check', checks, judged, conclusion);
}

function policyOf({ signature, type, claims }: AttestationTerms, { digest }: NamedImage): AttestationPolicy {
  const subject: SubjectPolicy =
    claims.kind === 'check'
      ? { kind: 'digests', digests: [{ hash: digestAlgorithmOf(digest), hex: digestHexOf(digest) }] }
      : claims;
  return { ...signature, predicateType: type, subject };
}

function acceptance({ claims }: AttestationTerms, attestations: readonly SignatureReport[]): Conclusion | undefined {
  const signers = attestations.flatMap(({ verdict }) =>
    verdict.status === 'verified' ? [signerTextOf(verdict.evidence.signer)] : [],
  );
  const caveat = claims.kind === 'unchecked' ? '; claims NOT checked: the attestation may be about another image' : '';
  return signers.length === 0
    ? undefined
    : { outcome: 'verified', summary: `attested by ${[...new Set(signers)].join(', ')}${caveat}` };
}

function refusal(
  { type }: AttestationTerms,
  image: NamedImage,
  checks: readonly Check[],
  attestations: readonly SignatureReport[],
): Conclusion {
  const unknown = unknownConclusionOf(checks, attestations);
  if (unknown !== undefined) {
    return unknown;
  }
  const resolved = `${repositoryNameOf(image.reference.repository)}@${image.digest}`;
  if (attestations.length === 0) {
    const failed: Check = {
      step: 'attestations',
      title: 'Somebody has attested something about this image',
      status: 'fail',
      expected: 'an attestation',
      seen: 'none in any place',
      next: 'Check that this is the digest that was attested, or have it attested.',
    };
    return {
      outcome: 'absent',
      failed,
      summary: `no attestations found: nobody has attested anything about ${resolved}`,
    };
  }
  const failed = closestFailureOf(attestations);
  return {
    outcome: 'rejected',
    failed,
    summary:
      type.kind === 'exactly' && failed.step === 'claims.type'
        ? `none of the attestations matched the predicate type: ${type.name}, found: ${otherTypesOf(attestations).join(',')}`
        : `no matching attestations: ${failed.title}: expected ${failed.expected ?? 'yes'}, seen ${failed.seen ?? 'no'}`,
  };
}

/** The types that the right signer did attest. */
function otherTypesOf(attestations: readonly SignatureReport[]): readonly string[] {
  const types = attestations.flatMap(({ verdict }) =>
    verdict.status === 'rejected' && verdict.failed.step === 'claims.type' ? [verdict.failed.seen ?? ''] : [],
  );
  return [...new Set(types)];
}
