/** Validity windows and the instants that fall into them, drawn in 80 columns. Instants stand in their order, not to scale:
 *  a certificate lives for minutes and its authority for years. */

import { printableOf } from '../base/printable.ts';
import { rfc3339Of } from '../base/time.ts';
import type { TimeMark, Timeline, ValidityWindow } from '../flows/explain-windows.ts';

const NAME_COLUMNS = 14;
const BAR_COLUMNS = 60;
const LETTERS = 'abcdefghijklmopqrstuvwxyz';
const WORDS = { integrated: 'log', timestamp: 'timestamp', now: 'now' } as const;

/** Bars first, then each window and instant in words; texts are escaped. */
export function timelineLines({ windows, marks }: Timeline): readonly string[] {
  const columnOf = columnsOf(windows, marks);
  const letters = lettersOf(marks);
  const row = (name: string, bar: string): string => `${name.padEnd(NAME_COLUMNS)}${bar.trimEnd()}`;
  return [
    ...windows.map((window) => row(window.name, barOf(window, columnOf))),
    row('', marksOf(marks, letters, columnOf)),
    ...windows.map(({ name, whose, start, end }) => {
      const until = end === undefined ? 'still in use' : rfc3339Of(end);
      return row(name, `${rfc3339Of(start)} to ${until}  ${printableOf(whose)}`);
    }),
    ...marks.map((mark, index) => {
      const where = mark.outside.length === 0 ? '' : `  OUTSIDE: ${mark.outside.join(', ')}`;
      const name = `${letters[index] ?? '*'} ${WORDS[mark.kind]}`;
      return row(name, `${rfc3339Of(mark.instant)}  ${printableOf(mark.by)}${where}`);
    }),
  ];
}

/** `n` is now's alone. */
function lettersOf(marks: readonly TimeMark[]): readonly string[] {
  let next = 0;
  return marks.map(({ kind }) => {
    if (kind === 'now') return 'n';
    next += 1;
    return LETTERS[next - 1] ?? '*';
  });
}

function columnsOf(windows: readonly ValidityWindow[], marks: readonly TimeMark[]): (instant: Date) => number {
  const instants = [
    ...windows.flatMap(({ start, end }) => [start, ...(end === undefined ? [] : [end])]),
    ...marks.map(({ instant }) => instant),
  ].map((instant) => instant.getTime());
  const ordered = [...new Set(instants)].toSorted((a, b) => a - b);
  const step = (BAR_COLUMNS - 2) / Math.max(1, ordered.length - 1);
  const columns = new Map(ordered.map((time, index) => [time, Math.round(index * step)]));
  return (instant) => columns.get(instant.getTime()) ?? 0;
}

function barOf({ start, end }: ValidityWindow, columnOf: (instant: Date) => number): string {
  const from = columnOf(start);
  const to = end === undefined ? BAR_COLUMNS - 1 : Math.max(columnOf(end), from + 1);
  return `${' '.repeat(from)}[${'='.repeat(to - from - 1)}${end === undefined ? '>' : ']'}`;
}

function marksOf(marks: readonly TimeMark[], letters: readonly string[], columnOf: (instant: Date) => number): string {
  const row = Array.from({ length: BAR_COLUMNS }, () => ' ');
  marks.forEach(({ instant }, index) => {
    const column = columnOf(instant);
    row[column] = row[column] === ' ' ? (letters[index] ?? '*') : '*';
  });
  return row.join('');
}
