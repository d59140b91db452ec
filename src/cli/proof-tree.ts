/** `--explain`: every check that was made, as a tree. */

import { printableOf } from '../base/printable.ts';
import type { ImageReport } from '../flows/verify-report.ts';
import { referenceNameOf } from '../formats/oci/reference.ts';
import type { Check } from '../verify/verdict.ts';
import type { Style } from './style.ts';

/** One line for each check, with what was expected and seen where it did not pass. Ends with the check that decided. */
export function proofTreeText(image: ImageReport, style: Style): string {
  const lines = [...imageLines(image, style, ''), ...verdictLines(image, style)];
  return `${lines.join('\n')}\n`;
}

/** The checks of one thing, indented. */
export function checkLines(checks: readonly Check[], style: Style, indent: string): readonly string[] {
  return checks.flatMap((check) => {
    const facts: readonly (readonly [string, string | undefined])[] =
      check.status === 'pass'
        ? []
        : [
            ['expected', check.expected],
            ['seen', check.seen],
            ['next', check.next],
          ];
    const shown = facts.flatMap(([name, value]) =>
      value === undefined ? [] : [style.faint(`${indent}         ${name}: ${printableOf(value)}`)],
    );
    return [`${indent}${markOf(check, style)} ${headOf(check)}`, ...shown];
  });
}

const MARKS = { pass: 'pass   ', fail: 'FAIL   ', skip: 'skipped', unknown: 'UNKNOWN' } as const;

function markOf({ status }: Check, style: Style): string {
  const paint = { pass: style.good, fail: style.bad, skip: style.faint, unknown: style.bad }[status];
  return paint(MARKS[status]);
}

function headOf({ title, status, seen, note }: Check): string {
  const value = status === 'pass' ? (note ?? seen) : note;
  return printableOf(value === undefined ? title : `${title}: ${value}`);
}

function imageLines(image: ImageReport, style: Style, indent: string): readonly string[] {
  const name = image.resolved ?? referenceNameOf(image.reference);
  const inner = `${indent}  `;
  return [
    `${indent}${style.strong(printableOf(name))}${platformOf(image)}: ${image.outcome}`,
    ...checkLines(image.checks, style, inner),
    ...image.signatures.flatMap(({ form, origin, verdict }) => [
      `${inner}${form === 'legacy' ? 'signature' : 'bundle'} ${printableOf(origin)}: ${verdict.status}`,
      ...checkLines(verdict.checks, style, `${inner}  `),
    ]),
    ...image.children.flatMap((child) => imageLines(child, style, inner)),
  ];
}

function platformOf({ platform }: ImageReport): string {
  return platform === undefined
    ? ''
    : ` (${printableOf([platform.os, platform.architecture, platform.variant].filter((part) => part !== undefined).join('/'))})`;
}

function verdictLines({ failed }: ImageReport, style: Style): readonly string[] {
  if (failed === undefined) return [];
  return [
    `${style.bad('Decided by')}: ${printableOf(failed.title)}`,
    ...(failed.next === undefined ? [] : [`Next: ${printableOf(failed.next)}`]),
  ];
}
