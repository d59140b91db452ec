/** Validity windows and the instants that fall into them, drawn in 78 columns. Instants stand in their order, not to scale:
 *  a certificate lives for minutes and its authority for years. */

import { printableOf } from '../base/printable.ts';
import { rfc3339Of } from '../base/time.ts';
import type { TimeMark, Timeline, ValidityWindow } from '../flows/explain-windows.ts';
import { periodTextOf } from '../verify/validity.ts';

const NAME_COLUMNS = 14;
const BAR_COLUMNS = 60;
const TEXT_COLUMNS = 64;
const LETTERS = 'abcdefghijklmopqrstuvwxyz';
const WORDS = { integrated: 'log', timestamp: 'timestamp', now: 'now' } as const;

/** Bars first, then each window and instant in words; texts are escaped, and cut to the width. */
export function timelineLines({ windows, marks }: Timeline): readonly string[] {
  const columnOf = columnsOf(windows, marks);
  const letters = lettersOf(marks);
  return [
    ...windows.map((window) => row(window.name, barOf(window, columnOf))),
    row('', marksOf(marks, letters, columnOf)),
    ...windows.flatMap((window) => rows(window.name, [textOf(window), window.whose])),
    ...marks.flatMap(({ kind, instant, by, outside }, index) => {
      const where = outside.length === 0 ? [] : [`OUTSIDE: ${outside.join(', ')}`];
      return rows(`${letters[index] ?? '*'} ${WORDS[kind]}`, [rfc3339Of(instant), ...where, by]);
    }),
  ];
}

/** The texts beside each other as far as they fit, then below. */
function rows(name: string, texts: readonly string[]): readonly string[] {
  const lines: string[] = [];
  for (const text of texts.map(cut)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 2 + text.length <= TEXT_COLUMNS)
      lines[lines.length - 1] = `${last}  ${text}`;
    else lines.push(text);
  }
  return lines.map((line, index) => row(index === 0 ? name : '', line));
}

function row(name: string, text: string): string {
  return `${name.padEnd(NAME_COLUMNS)}${text.trimEnd()}`;
}

function cut(text: string): string {
  const shown = printableOf(text);
  return shown.length > TEXT_COLUMNS ? `${shown.slice(0, TEXT_COLUMNS - 1)}…` : shown;
}

function textOf(window: ValidityWindow): string {
  return isNever(window) ? 'at no time: trust and certificates do not overlap' : periodTextOf(window);
}

function isNever({ start, end }: ValidityWindow): boolean {
  return end !== undefined && end < start;
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

function barOf(window: ValidityWindow, columnOf: (instant: Date) => number): string {
  if (isNever(window)) return '';
  const { start, end } = window;
  const from = columnOf(start);
  const to = end === undefined ? BAR_COLUMNS - 1 : Math.max(columnOf(end), from + 1);
  return `${' '.repeat(from)}[${'='.repeat(to - from - 1)}${end === undefined ? '>' : ']'}`;
}

function marksOf(marks: readonly TimeMark[], letters: readonly string[], columnOf: (instant: Date) => number): string {
  const line = Array.from({ length: BAR_COLUMNS }, () => ' ');
  marks.forEach(({ instant }, index) => {
    const column = columnOf(instant);
    line[column] = line[column] === ' ' ? (letters[index] ?? '*') : '*';
  });
  return line.join('');
}
