/** What `explain` prints. Says "sound", never "verified": without a policy nobody has said who should have signed. */

import { printableOf } from '../base/printable.ts';
import { rfc3339Of } from '../base/time.ts';
import type { EntityDescription } from '../flows/explain-entity.ts';
import type { Explanation } from '../flows/explain.ts';
import type { Difference, NearMiss } from '../verify/near-miss.ts';
import { quoted } from '../verify/signer-names.ts';
import type { Verdict } from '../verify/verdict.ts';
import type { Report } from './command.ts';
import {
  contentLines,
  descriptionJson,
  entryLines,
  extensionLines,
  factLine,
  signerLines,
  stampLine,
} from './entity-output.ts';
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
  const { description, soundness, acceptance, nearMiss, timeline } = explanation;
  const { signer, content, entries, timestamps } = description;
  const isCertificate = signer.kind === 'certificate';
  const lines = [
    printableOf(description.origin),
    headlineOf(explanation),
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

function whenLines({ soundness, description }: Explanation): readonly string[] {
  const proven = soundness.status === 'verified' ? soundness.evidence.times : [];
  if (proven.length > 0) return proven.map(({ instant, by }) => factLine('proven', `${rfc3339Of(instant)} by ${by}`));
  const stated = statedTimesOf(description);
  return stated.length === 0
    ? ['  nobody says when']
    : stated.map((instant) => factLine('stated', `${rfc3339Of(instant)}, not proven: see CHECKS`));
}

function statedTimesOf({ entries, timestamps }: EntityDescription): readonly Date[] {
  return [
    ...entries.flatMap(({ integratedTime }) => integratedTime ?? []),
    ...timestamps.flatMap((stamp) => (stamp.kind === 'timestamp' ? [stamp.instant] : [])),
  ];
}

function whereLines({ description: { signer } }: Explanation): readonly string[] {
  const lines = signer.kind === 'certificate' ? extensionLines(signer) : [];
  return lines.length === 0 ? ['  the certificate does not say'] : lines;
}

function nearMissLines({ matched, differences }: NearMiss): readonly string[] {
  return [
    ...(matched.length === 0 ? [] : [factLine('as expected', matched.join(', '))]),
    ...differences.flatMap(differenceLines),
  ];
}

function differenceLines(difference: Difference): readonly string[] {
  const { member, expected, seen, remark, parts } = difference;
  if (seen === undefined) return [factLine(member, 'the certificate has none'), factLine('  expected', expected)];
  const why =
    remark ?? (parts.length === 0 ? undefined : `differs in ${parts.map(({ name }) => name).join(', ')} only`);
  return [
    factLine(member, why ?? 'differs'),
    factLine('  expected', expected),
    factLine('  seen', quoted(seen)),
    ...markerLines(difference, seen),
  ];
}

/** Carets under what differs. The texts are quoted and escaped, so columns are counted on what is shown. */
function markerLines({ expected, commonStart }: Difference, seen: string): readonly string[] {
  if (commonStart === undefined) return [];
  const shown = printableOf(quoted(seen));
  const other = printableOf(expected);
  const start = commonStartOf(shown, other);
  const rest = [shown.slice(start), other.slice(start)] as const;
  const end = commonStartOf(reversed(rest[0]), reversed(rest[1]));
  const indent = factLine('  seen', '').length;
  return [`${' '.repeat(indent + start)}${'^'.repeat(Math.max(1, shown.length - start - end))}`];
}

function commonStartOf(a: string, b: string): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1;
  return length;
}

function reversed(text: string): string {
  return text.split('').toReversed().join('');
}
