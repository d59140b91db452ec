/** An error as a person and a program read it. */

import { CountersignError, messageOf } from '../base/errors.ts';
import { printableOf } from '../base/printable.ts';
import type { Report } from './command.ts';
import type { Style } from './style.ts';

/** The exit status: the catalogue's; 1 for what nobody foresaw. */
export function exitStatusOf(error: unknown): number {
  return error instanceof CountersignError ? error.entry.exit : 1;
}

/** "Error: …", what to do, where to read more. Ends with a line feed. */
export function failureText(error: unknown, style: Style): string {
  const lines = [`${style.bad('Error:')} ${printableOf(messageOf(error))}`];
  if (error instanceof CountersignError) {
    if (error.code === 'INTERRUPTED') return '';
    lines.push(`  ${printableOf(error.hint)}`, style.faint(`  ${error.code}, see ${error.docs}`));
  } else {
    lines.push('  This is a defect of countersign: please report it with the command that led to it.');
  }
  return `${lines.join('\n')}\n`;
}

/** The document that `--json` prints instead of a report. */
export function failureReport(error: unknown): Report {
  if (!(error instanceof CountersignError)) {
    return { error: { code: 'INTERNAL', message: messageOf(error), exit: 1 } };
  }
  const { code, message, hint, docs, details } = error;
  return { error: { code, message, hint, docs, details, exit: error.entry.exit } };
}
