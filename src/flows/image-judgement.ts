/** One image's signatures into one answer. Everything that leads to it is a check in the report. */

import type { CountersignError } from '../base/errors.ts';
import { encodeSimpleSigning } from '../formats/cosign/simple-signing.ts';
import { referenceNameOf, repositoryNameOf } from '../formats/oci/reference.ts';
import type { Reference } from '../formats/oci/reference.ts';
import type { SignedEntity } from '../formats/signed-entity.ts';
import { verifyImageSignature } from '../verify/image-signature.ts';
import { checkThreshold } from '../verify/threshold.ts';
import type { Check, Evidence, Verdict } from '../verify/verdict.ts';
import { subjectOf } from './image-context.ts';
import type { ImageContext } from './image-context.ts';
import { findImageSignatures } from './image-signatures.ts';
import type { FoundSignature, SignatureSource } from './image-signatures.ts';
import type {
  ImageOutcome,
  ImageReport,
  NamedImage,
  SignatureReport,
  SourceReport,
  VerifyExit,
} from './verify-report.ts';
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
  const verdicts = new Map<FoundSignature, Verdict>();
  const accepted: Evidence[] = [];
  const found = await findImageSignatures(
    context,
    subjectOf(context, image.reference.repository, image.digest),
    async (signature) => {
      const terms = await awaited;
      const verdict =
        signature.kind === 'read'
          ? await verifyImageSignature(signature.entity, policyOf(terms, image))
          : unreadableVerdictOf(signature);
      verdicts.set(signature, verdict);
      if (verdict.status === 'verified') {
        accepted.push(verdict.evidence);
      }
      return isSatisfied(terms.claims, accepted);
    },
  );
  const signatures = found.flatMap((source) =>
    source.signatures.map((signature) => signatureReportOf(signature, verdicts)),
  );
  return conclude(await awaited, image, found.map(sourceReportOf), found.map(checkOfSource), signatures);
}

async function judgeDetached(terms: VerifyTerms, detached: DetachedSignature, image: NamedImage): Promise<ImageReport> {
  const entity = detachedEntityOf(detached, image);
  const source: SourceReport = { form: 'detached', place: 'the given signature', status: 'found', foundCount: 1 };
  const verdict = await verifyImageSignature(entity, policyOf(terms, image));
  return conclude(terms, image, [source], [], [{ form: 'legacy', origin: entity.origin, entity, verdict }]);
}

/** The report of an image (or of all that an index holds) that could not be looked at. */
export function unresolvedReportOf(reference: Reference, terms: VerifyTerms, error: CountersignError): ImageReport {
  const outcome = error.code === 'IMAGE_NOT_FOUND' ? 'image-absent' : 'unknown';
  const failed: Check = {
    ...unseen('image', `Read the image ${referenceNameOf(reference)}`, error),
    status: outcome === 'image-absent' ? 'fail' : 'unknown',
  };
  const summary = outcome === 'image-absent' ? error.message : `could not look: ${error.message}`;
  return {
    reference,
    outcome,
    exit: EXITS[outcome],
    summary,
    isClaimsChecked: terms.claims.kind === 'check',
    checks: [failed],
    failed,
    sources: [],
    signatures: [],
    children: [],
  };
}

const EXITS: Readonly<Record<ImageOutcome, VerifyExit>> = {
  verified: 0,
  absent: 10,
  'image-absent': 11,
  rejected: 12,
  unknown: 20,
};

type Conclusion = Pick<ImageReport, 'outcome' | 'summary'> & { readonly failed?: Check };

function conclude(
  terms: VerifyTerms,
  image: NamedImage,
  sources: readonly SourceReport[],
  sourceChecks: readonly Check[],
  signatures: readonly SignatureReport[],
): ImageReport {
  const { claims } = terms;
  const accepted = signatures.flatMap(({ verdict }) => (verdict.status === 'verified' ? [verdict.evidence] : []));
  const resolved = `${repositoryNameOf(image.reference.repository)}@${image.digest}`;
  const checks: Check[] = [
    { step: 'image', title: `Read the image ${referenceNameOf(image.reference)}`, status: 'pass', seen: image.digest },
    ...sourceChecks,
  ];
  if (claims.kind === 'check' && claims.threshold > 1) {
    checks.push(checkThreshold(accepted, claims.threshold));
  }
  const conclusion = isSatisfied(claims, accepted) ? acceptance(claims, accepted) : refusal(image, checks, signatures);
  const { reference, digest, platform } = image;
  return {
    reference,
    digest,
    resolved,
    ...(platform === undefined ? {} : { platform }),
    exit: EXITS[conclusion.outcome],
    isClaimsChecked: claims.kind === 'check',
    ...conclusion,
    // The check that decided is in the list, whatever it was.
    checks: conclusion.failed?.step === ABSENT ? [...checks, conclusion.failed] : checks,
    sources,
    signatures,
    children: [],
  };
}

const ABSENT = 'signatures';

function isSatisfied(claims: ClaimsTerms, accepted: readonly Evidence[]): boolean {
  return claims.kind === 'unchecked'
    ? accepted.length > 0
    : checkThreshold(accepted, claims.threshold).status === 'pass';
}

function acceptance(claims: ClaimsTerms, accepted: readonly Evidence[]): Conclusion {
  const signers = [...new Set(accepted.map(({ key }) => `sha256:${key.fingerprint}`))].join(', ');
  const caveat = claims.kind === 'unchecked' ? '; claims NOT checked: the signature may be about another image' : '';
  return { outcome: 'verified', summary: `signed by ${signers}${caveat}` };
}

/** Why there is no acceptance. What could not be looked at might have held one: it goes before every "no". */
function refusal(image: NamedImage, checks: readonly Check[], signatures: readonly SignatureReport[]): Conclusion {
  const verdicts = signatures.map(({ verdict }) => verdict);
  const unknown =
    checks.find(({ status }) => status === 'unknown') ??
    verdicts.flatMap((verdict) => (verdict.status === 'unknown' ? [verdict.failed] : []))[0];
  if (unknown !== undefined) {
    return {
      outcome: 'unknown',
      failed: unknown,
      summary: `could not look: ${unknown.title}: ${unknown.note ?? unknown.seen ?? 'no answer'}`,
    };
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
        step === 'threshold' && status === 'fail' && verdicts.some((verdict) => verdict.status === 'verified'),
    ) ?? closestFailureOf(verdicts);
  return {
    outcome: 'rejected',
    failed,
    summary: `no matching signatures: ${failed.title}: expected ${failed.expected ?? 'yes'}, seen ${failed.seen ?? 'no'}`,
  };
}

/** The failure of the signature that came furthest: "by your key, but for another image" tells more than "by another key". */
function closestFailureOf(verdicts: readonly Verdict[]): Check {
  const rejected = verdicts.flatMap((verdict) => (verdict.status === 'rejected' ? [verdict] : []));
  const closest = rejected.toSorted((a, b) => passCountOf(b) - passCountOf(a))[0];
  if (closest === undefined) {
    throw new TypeError('a refusal without a rejected signature');
  }
  return closest.failed;
}

function passCountOf({ checks }: Verdict): number {
  return checks.filter(({ status }) => status === 'pass').length;
}

function absentCheckOf({ reference, digest }: NamedImage): Check {
  const next =
    reference.tag === undefined || reference.digest !== undefined
      ? 'Check that this is the digest that was signed, or have it signed.'
      : `The tag ${JSON.stringify(reference.tag)} names ${digest} now. If the image was signed before, the tag was overwritten since: compare this digest with the one that was signed, and point the tag back to that one if this is not meant.`;
  return {
    step: ABSENT,
    title: 'Somebody has signed this image',
    status: 'fail',
    expected: 'a signature',
    seen: 'none in any place',
    next,
  };
}

function unreadableVerdictOf(signature: FoundSignature & { readonly kind: 'unreadable' }): Verdict {
  const failed = unseen('read', `Read ${signature.origin}`, signature.error);
  return { status: 'unknown', failed, checks: [failed] };
}

function signatureReportOf(signature: FoundSignature, verdicts: ReadonlyMap<FoundSignature, Verdict>): SignatureReport {
  const { form, origin } = signature;
  const verdict = verdicts.get(signature);
  if (verdict === undefined) {
    throw new TypeError('a signature was found but not judged');
  }
  return { form, origin, verdict, ...(signature.kind === 'read' ? { entity: signature.entity } : {}) };
}

function sourceReportOf({ form, place, status, foundCount, error }: SignatureSource): SourceReport {
  return { form, place, status, foundCount, ...(error === undefined ? {} : { error }) };
}

function checkOfSource({ form, place, status, foundCount, error, notes }: SignatureSource): Check {
  const step = `source.${form}`;
  const title = `Read ${place}`;
  if (error !== undefined) {
    return unseen(step, title, error);
  }
  const seen = status === 'absent' ? 'absent' : `${foundCount} found`;
  return { step, title, status: 'pass', seen, ...(notes.length === 0 ? {} : { note: notesOf(notes) }) };
}

/** The first few of what is there and is no signature. */
function notesOf(notes: readonly string[]): string {
  const shown = notes.slice(0, 3).join('; ');
  return notes.length > 3 ? `${shown}; and ${notes.length - 3} more` : shown;
}

function unseen(step: string, title: string, error: CountersignError): Check {
  return { step, title, status: 'unknown', note: error.message, next: error.hint };
}

function detachedEntityOf({ signature, payload }: DetachedSignature, { reference, digest }: NamedImage): SignedEntity {
  const implied = { dockerReference: repositoryNameOf(reference.repository), imageDigest: digest, annotations: {} };
  const content = { kind: 'simple-signing', payload: payload ?? encodeSimpleSigning(implied) } as const;
  return {
    form: 'legacy',
    origin: 'the given signature',
    content,
    signature,
    signer: { kind: 'none' },
    logEntries: [],
    timestamps: [],
  };
}
