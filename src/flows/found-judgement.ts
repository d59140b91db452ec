/** What was found about an image, judged one by one and told: the parts that signatures and attestations share. */

import type { CountersignError } from '../base/errors.ts';
import { referenceNameOf, repositoryNameOf } from '../formats/oci/reference.ts';
import type { Reference } from '../formats/oci/reference.ts';
import type { SignedEntity } from '../formats/signed-entity.ts';
import type { Check, Evidence, StepName, Verdict } from '../verify/verdict.ts';
import type { FoundSignature, SignatureSource } from './image-signatures.ts';
import type {
  ImageOutcome,
  ImageReport,
  NamedImage,
  SignatureReport,
  SourceReport,
  VerifyExit,
} from './verify-report.ts';

/** What was looked at, with a verdict on each. */
export interface Judged {
  readonly sources: readonly SourceReport[];
  readonly sourceChecks: readonly Check[];
  readonly signatures: readonly SignatureReport[];
}

/** Looks by means of `find` and judges each as soon as it is read, until the accepted ones are enough. What could not be
 *  read is unknown. Throws what `find` and `verify` throw. */
export async function judgeFound(
  find: (isEnough: (found: FoundSignature) => Promise<boolean>) => Promise<readonly SignatureSource[]>,
  verify: (entity: SignedEntity) => Promise<Verdict>,
  isEnough: (accepted: readonly Evidence[]) => Promise<boolean>,
): Promise<Judged> {
  const verdicts = new Map<FoundSignature, Verdict>();
  const accepted: Evidence[] = [];
  const found = await find(async (signature) => {
    const verdict = signature.kind === 'read' ? await verify(signature.entity) : unreadableVerdictOf(signature);
    verdicts.set(signature, verdict);
    if (verdict.status === 'verified') {
      accepted.push(verdict.evidence);
    }
    return isEnough(accepted);
  });
  return {
    sources: found.map(sourceReportOf),
    sourceChecks: found.map(checkOfSource),
    signatures: found.flatMap((source) => source.signatures.map((signature) => signatureReportOf(signature, verdicts))),
  };
}

/** Why an image's report says what it says. */
export type Conclusion = Pick<ImageReport, 'outcome' | 'summary'> & { readonly failed?: Check };

/** The first checks of every report: the image and the places. */
export function placeChecksOf({ reference, digest }: NamedImage, { sourceChecks }: Judged): readonly Check[] {
  return [
    { step: 'image', title: `Read the image ${referenceNameOf(reference)}`, status: 'pass', seen: digest },
    ...sourceChecks,
  ];
}

export function imageReportOf(
  { reference, digest, platform }: NamedImage,
  isClaimsChecked: boolean,
  checks: readonly Check[],
  { sources, signatures }: Judged,
  conclusion: Conclusion,
): ImageReport {
  return {
    reference,
    digest,
    resolved: `${repositoryNameOf(reference.repository)}@${digest}`,
    ...(platform === undefined ? {} : { platform }),
    exit: EXITS[conclusion.outcome],
    isClaimsChecked,
    ...conclusion,
    // The check that decided is in the list, whatever it was.
    checks:
      conclusion.outcome === 'absent' && conclusion.failed !== undefined ? [...checks, conclusion.failed] : checks,
    sources,
    signatures,
    children: [],
  };
}

/** The report of an image (or of all that an index holds) that could not be looked at. */
export function unresolvedReportOf(
  reference: Reference,
  terms: { readonly claims: { readonly kind: 'check' | 'unchecked' } },
  error: CountersignError,
): ImageReport {
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

/** When something could not be looked at: it might have held an acceptance, so it goes before every "no". */
export function unknownConclusionOf(
  checks: readonly Check[],
  signatures: readonly SignatureReport[],
): Conclusion | undefined {
  const unknown =
    checks.find(({ status }) => status === 'unknown') ??
    signatures.flatMap(({ verdict }) => (verdict.status === 'unknown' ? [verdict.failed] : []))[0];
  return unknown === undefined
    ? undefined
    : {
        outcome: 'unknown',
        failed: unknown,
        summary: `could not look: ${unknown.title}: ${unknown.note ?? unknown.seen ?? 'no answer'}`,
      };
}

/** The failure of the one that came furthest: "by your key, but for another image" tells more than "by another key". */
export function closestFailureOf(signatures: readonly SignatureReport[]): Check {
  const rejected = signatures.flatMap(({ verdict }) => (verdict.status === 'rejected' ? [verdict] : []));
  const closest = rejected.toSorted((a, b) => passCountOf(b) - passCountOf(a))[0];
  if (closest === undefined) {
    throw new TypeError('a refusal without a rejected signature');
  }
  return closest.failed;
}

function passCountOf({ checks }: Verdict): number {
  return checks.filter(({ status }) => status === 'pass').length;
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
  const step = `source.${form}` as const;
  const title = `Read ${place}`;
  if (error !== undefined) {
    return unseen(step, title, error);
  }
  const seen = status === 'absent' ? 'absent' : `${foundCount} found`;
  return { step, title, status: 'pass', seen, ...(notes.length === 0 ? {} : { note: notesOf(notes) }) };
}

/** The first few of what is there and is not looked for. */
function notesOf(notes: readonly string[]): string {
  const shown = notes.slice(0, 3).join('; ');
  return notes.length > 3 ? `${shown}; and ${notes.length - 3} more` : shown;
}

function unseen(step: StepName, title: string, error: CountersignError): Check {
  return { step, title, status: 'unknown', note: error.message, next: error.hint };
}
