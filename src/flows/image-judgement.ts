/** One image's signatures into one answer. Everything that leads to it is a check in the report. */

import { encodeSimpleSigning } from '../formats/cosign/simple-signing.ts';
import { repositoryNameOf } from '../formats/oci/reference.ts';
import type { SignedEntity } from '../formats/signed-entity.ts';
import { verifyImageSignature } from '../verify/image-signature.ts';
import { checkThreshold } from '../verify/threshold.ts';
import type { Check, Evidence } from '../verify/verdict.ts';
import { closestFailureOf, imageReportOf, judgeFound, placeChecksOf, unknownConclusionOf } from './found-judgement.ts';
import type { Conclusion, Judged } from './found-judgement.ts';
import { subjectOf } from './image-context.ts';
import type { ImageContext } from './image-context.ts';
import { findImageSignatures } from './image-signatures.ts';
import { signerTextOf } from './verify-report.ts';
import type { ImageReport, NamedImage, SignatureReport, SourceReport } from './verify-report.ts';
import { policyOf } from './verify-terms.ts';
import type { ClaimsTerms, DetachedSignature, VerifyTerms } from './verify-terms.ts';

/** Looks in every place (or at the detached signature) and judges what is there. Throws what `lookAt` throws on. */
export async function judgeImage(context: ImageContext, terms: VerifyTerms, image: NamedImage): Promise<ImageReport> {
  return terms.detached === undefined
    ? judgeStored(context, Promise.resolve(terms), image)
    : judgeDetached(terms, terms.detached, image);
}

/** Looks in every place, whatever `awaited` says of detached signatures: the registry is asked while the terms (their keys)
 *  are still on their way. Throws what `lookAt` throws on, and what `awaited` rejects with. */
export async function judgeStored(
  context: ImageContext,
  awaited: Promise<VerifyTerms>,
  image: NamedImage,
): Promise<ImageReport> {
  const judged = await judgeFound(
    (isEnough) => findImageSignatures(context, subjectOf(context, image.reference.repository, image.digest), isEnough),
    async (entity) => verifyImageSignature(entity, policyOf(await awaited, image)),
    async (accepted) => isSatisfied((await awaited).claims, accepted),
  );
  return conclude(await awaited, image, judged);
}

async function judgeDetached(terms: VerifyTerms, detached: DetachedSignature, image: NamedImage): Promise<ImageReport> {
  const entity = detachedEntityOf(detached, image);
  const source: SourceReport = { form: 'detached', place: 'the given signature', status: 'found', foundCount: 1 };
  const verdict = await verifyImageSignature(entity, policyOf(terms, image));
  const signatures = [{ form: 'legacy', origin: entity.origin, entity, verdict }] as const;
  return conclude(terms, image, { sources: [source], sourceChecks: [], signatures });
}

function conclude(terms: VerifyTerms, image: NamedImage, judged: Judged): ImageReport {
  const { claims } = terms;
  const accepted = judged.signatures.flatMap(({ verdict }) =>
    verdict.status === 'verified' ? [verdict.evidence] : [],
  );
  const checks = [
    ...placeChecksOf(image, judged),
    ...(claims.kind === 'check' && claims.threshold > 1 ? [checkThreshold(accepted, claims.threshold)] : []),
  ];
  const conclusion = isSatisfied(claims, accepted)
    ? acceptance(claims, accepted)
    : refusal(image, checks, judged.signatures);
  return imageReportOf(image, claims.kind === 'check', checks, judged, conclusion);
}

function isSatisfied(claims: ClaimsTerms, accepted: readonly Evidence[]): boolean {
  return claims.kind === 'unchecked'
    ? accepted.length > 0
    : checkThreshold(accepted, claims.threshold).status === 'pass';
}

function acceptance(claims: ClaimsTerms, accepted: readonly Evidence[]): Conclusion {
  const signers = [...new Set(accepted.map(({ signer }) => signerTextOf(signer)))].join(', ');
  const caveat = claims.kind === 'unchecked' ? '; claims NOT checked: the signature may be about another image' : '';
  return { outcome: 'verified', summary: `signed by ${signers}${caveat}` };
}

function refusal(image: NamedImage, checks: readonly Check[], signatures: readonly SignatureReport[]): Conclusion {
  const unknown = unknownConclusionOf(checks, signatures);
  if (unknown !== undefined) {
    return unknown;
  }
  if (signatures.length === 0) {
    const failed = absentCheckOf(image);
    return {
      outcome: 'absent',
      failed,
      summary: `no signatures found: nobody has signed ${repositoryNameOf(image.reference.repository)}@${image.digest}`,
    };
  }
  const failed =
    checks.find(
      ({ step, status }) =>
        step === 'threshold' && status === 'fail' && signatures.some(({ verdict }) => verdict.status === 'verified'),
    ) ?? closestFailureOf(signatures);
  return {
    outcome: 'rejected',
    failed,
    summary: `no matching signatures: ${failed.title}: expected ${failed.expected ?? 'yes'}, seen ${failed.seen ?? 'no'}`,
  };
}

function absentCheckOf({ reference, digest }: NamedImage): Check {
  const next =
    reference.tag === undefined || reference.digest !== undefined
      ? 'Check that this is the digest that was signed, or have it signed.'
      : `The tag ${JSON.stringify(reference.tag)} names ${digest} now. If the image was signed before, the tag was overwritten since: compare this digest with the one that was signed, and point the tag back to that one if this is not meant.`;
  return {
    step: 'signatures',
    title: 'Somebody has signed this image',
    status: 'fail',
    expected: 'a signature',
    seen: 'none in any place',
    next,
  };
}

function detachedEntityOf(
  { signature, certificates, payload }: DetachedSignature,
  { reference, digest }: NamedImage,
): SignedEntity {
  const implied = { dockerReference: repositoryNameOf(reference.repository), imageDigest: digest, annotations: {} };
  const content = { kind: 'simple-signing', payload: payload ?? encodeSimpleSigning(implied) } as const;
  return {
    form: 'legacy',
    origin: 'the given signature',
    content,
    signature,
    signer: certificates === undefined ? { kind: 'none' } : { kind: 'certificate', chain: certificates },
    logEntries: [],
    logEvidence: 'promise',
    timestamps: [],
  };
}
