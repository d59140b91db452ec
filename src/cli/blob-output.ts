/** What the commands print that verify a file. */

import { printableOf } from '../base/printable.ts';
import type { LogPolicy } from '../verify/policy.ts';
import type { Verdict } from '../verify/verdict.ts';
import type { Result } from './command.ts';
import { checkLines } from './proof-tree.ts';
import type { Session } from './session.ts';
import { verdictJson } from './verify-json.ts';

export interface BlobOutput {
  readonly what: 'signature' | 'attestation';
  readonly file: string;
  readonly log: LogPolicy;
  readonly isExplained: boolean;
}

/** "Verified OK" on stderr, or why not. */
export function blobResultOf(session: Session, verdict: Verdict, { what, file, log, isExplained }: BlobOutput): Result {
  if (isExplained) session.stderr.write(`${checkLines(verdict.checks, session.style, '').join('\n')}\n`);
  const report = { file, ...verdictJson(verdict) };
  if (verdict.status === 'verified') {
    if (log.kind === 'none-configured') session.log.note('transparency log: not checked (none configured)');
    const clock = verdict.evidence.times.find(({ source }) => source === 'clock');
    if (clock !== undefined) session.log.note(`time: ${clock.by}`);
    session.log.note('Verified OK');
    return { text: '', report };
  }
  session.stderr.write(failureTextOf(session, what, verdict));
  return { text: '', report, exit: 1 };
}

function failureTextOf(
  { style }: Session,
  what: BlobOutput['what'],
  { status, failed }: Exclude<Verdict, { status: 'verified' }>,
): string {
  const facts = [
    failed.expected === undefined ? [] : [`expected ${failed.expected}`],
    failed.seen === undefined ? [] : [`seen ${failed.seen}`],
    failed.note === undefined ? [] : [failed.note],
  ].flat();
  const outcome = status === 'rejected' ? `invalid ${what}` : `could not check the ${what}`;
  const lines = [`${style.bad('Error:')} ${outcome}: ${printableOf([failed.title, ...facts].join(', '))}`];
  if (failed.next !== undefined) lines.push(`  ${printableOf(failed.next)}`);
  return `${lines.join('\n')}\n`;
}
