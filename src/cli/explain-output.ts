/** What `explain` prints. Says "sound", never "verified": without a policy nobody has said who should have signed. */

import { printableOf } from '../base/printable.ts';
import { rfc3339Of } from '../base/time.ts';
import type { Explanation } from '../flows/explain.ts';
import type { Verdict } from '../verify/verdict.ts';
import type { Report } from './command.ts';
import { contentLines, descriptionJson, entryLines, factLine, signerLines, stampLine } from './entity-output.ts';
import { nearMissLines } from './near-miss-output.ts';
import { originLines } from './origin-output.ts';
import { checkLines } from './proof-tree.ts';
import { createStyle } from './style.ts';
import { timelineLines } from './timeline.ts';
import { verdictJson } from './verify-json.ts';

const NOT_TRUSTED = 'NOT verified: nothing here was checked against a trusted root';

/** 0 sound or accepted, 1 not, 20 could not tell. */
export function explainExitOf({ acceptance, soundness }: Explanation): 0 | 1 | 20 {
  return { verified: 0, rejected: 1, unknown: 20 }[(acceptance ?? soundness).status] as 0 | 1 | 20;
}

/** Ends with a line feed. Goes to stdout: never in colour. */
export function explanationText(explanation: Explanation): string {
  const { description, soundness, acceptance, nearMiss, timeline, isTrustKnown } = explanation;
  const { signer, content, entries, timestamps } = description;
  const isCertificate = signer.kind === 'certificate';
  const lines = [
    printableOf(description.origin),
    headlineOf(explanation),
    // Whatever else is wrong.
    ...(soundness.status === 'rejected' && !isTrustKnown ? [NOT_TRUSTED] : []),
    ...(acceptance === undefined ? [] : [acceptanceLine(acceptance, explanation)]),
    '',
    'WHO',
    ...signerLines(signer),
    '',
    'WHEN',
    ...whenLines(explanation),
    ...(isCertificate ? ['', 'FROM WHERE', ...whereLines(explanation)] : []),
    '',
    'WHAT',
    ...contentLines(content),
    '',
    'EVIDENCE',
    ...(entries.length + timestamps.length === 0 ? ['  no log entry, no timestamp'] : []),
    ...entries.flatMap(entryLines),
    ...timestamps.map(stampLine),
    '',
    'CHECKS',
    ...checkLines(soundness.checks, createStyle({}, {}), '  '),
    ...(nearMiss === undefined ? [] : ['', 'NEAREST IDENTITY', ...nearMissLines(nearMiss)]),
    '',
    'TIMELINE (in order, not to scale; * is several marks)',
    ...timelineLines(timeline).map((line) => `  ${line}`),
  ];
  return `${lines.join('\n')}\n`;
}

export function explanationJson(explanation: Explanation): Report {
  const { description, soundness, acceptance, nearMiss, timeline, isTrustKnown, isArtifactGiven } = explanation;
  return {
    isTrustKnown,
    isArtifactGiven,
    headline: headlineOf(explanation),
    soundness: { ...verdictJson(soundness), status: SOUNDNESS[soundness.status] },
    ...(acceptance === undefined ? {} : { acceptance: verdictJson(acceptance) }),
    ...(nearMiss === undefined ? {} : { nearMiss: { matched: nearMiss.matched, differences: nearMiss.differences } }),
    timeline,
    description: descriptionJson(description),
  };
}

/** A verdict without a policy is none: other words keep scripts from taking it for one. */
const SOUNDNESS = { verified: 'sound', rejected: 'unsound', unknown: 'unknown' } as const;

/** Said wherever something good is said. */
function caveatOf({ isArtifactGiven }: Explanation): string {
  return isArtifactGiven ? '' : '; NO FILE was compared with it: give --artifact';
}

function headlineOf(explanation: Explanation): string {
  const { soundness, isTrustKnown } = explanation;
  switch (soundness.status) {
    case 'verified':
      return `sound: every check passed; whether you trust this signer is your decision${caveatOf(explanation)}`;
    case 'rejected':
      return `NOT sound: ${printableOf(soundness.failed.title)}: ${printableOf(soundness.failed.seen ?? 'no')}`;
    case 'unknown':
      return isTrustKnown
        ? `NOT verified: could not tell: ${printableOf(soundness.failed.title)}: ${printableOf(soundness.failed.note ?? 'unknown')}`
        : NOT_TRUSTED;
  }
}

function acceptanceLine(verdict: Verdict, explanation: Explanation): string {
  if (verdict.status === 'verified') return `policy: accepts this signature${caveatOf(explanation)}`;
  const { title, seen, note } = verdict.failed;
  const answer = verdict.status === 'rejected' ? 'refuses' : 'cannot judge';
  return `policy: ${answer} this signature: ${printableOf(title)}: ${printableOf(seen ?? note ?? 'no')}`;
}

function whenLines({ timeline }: Explanation): readonly string[] {
  const lines = timeline.marks
    .filter(({ kind }) => kind !== 'now')
    .map(({ instant, by, isProven }) =>
      isProven
        ? factLine('proven', `${rfc3339Of(instant)} by ${by}`)
        : factLine('stated', `${rfc3339Of(instant)} by ${by}, NOT proven: see CHECKS`),
    );
  return lines.length === 0 ? ['  nobody says when'] : lines;
}

function whereLines({ description: { signer } }: Explanation): readonly string[] {
  const lines = signer.kind === 'certificate' ? originLines(signer.names) : [];
  return lines.length === 0 ? ['  the certificate does not say'] : lines;
}
