/** How a certificate misses the identity that was expected: what was seen under what was expected, and a mark under the
 *  part that differs. */

import { printableOf } from '../base/printable.ts';
import type { Difference, NearMiss } from '../verify/near-miss.ts';
import { quoted } from '../verify/signer-names.ts';
import { factLine } from './entity-output.ts';

/** Texts are quoted and escaped. */
export function nearMissLines({ matched, differences }: NearMiss): readonly string[] {
  return [
    ...(matched.length === 0 ? [] : [factLine('as expected', matched.join(', '))]),
    ...differences.flatMap(differenceLines),
  ];
}

function differenceLines(difference: Difference): readonly string[] {
  const { member, expected, seen } = difference;
  if (seen === undefined) return [factLine(member, 'the certificate has none'), factLine('  expected', expected)];
  return [
    factLine(member, reasonOf(difference)),
    factLine('  expected', expected),
    factLine('  seen', quoted(seen)),
    ...markerLines(difference, seen),
  ];
}

const PATTERN_FLAGS: Readonly<Record<string, string>> = {
  subject: '--certificate-identity-regexp',
  issuer: '--certificate-oidc-issuer-regexp',
};

/** A pattern has no place where the text begins to differ: the flag that gave it is named instead. */
function reasonOf({ member, remark, parts, commonStart }: Difference): string {
  const flag = commonStart === undefined ? PATTERN_FLAGS[member] : undefined;
  if (flag !== undefined) return `does not match ${flag}${remark === undefined ? '' : `: ${remark}`}`;
  if (remark !== undefined) return remark;
  return parts.length === 0 ? 'differs' : `differs in ${parts.map(({ name }) => name).join(', ')} only`;
}

/** Carets under what is seen and not expected; one where something is missing. Columns are counted on what is shown. */
function markerLines({ expected, commonStart }: Difference, text: string): readonly string[] {
  if (commonStart === undefined) return [];
  const [seen, wanted] = [shownCharactersOf(quoted(text)), shownCharactersOf(expected)];
  const start = commonLengthOf(seen, wanted);
  const end = commonLengthOf(seen.slice(start).toReversed(), wanted.slice(start).toReversed());
  const indent = factLine('  seen', '').length + start;
  return [`${' '.repeat(indent)}${'^'.repeat(Math.max(1, seen.length - start - end))}`];
}

function shownCharactersOf(text: string): readonly string[] {
  return [...printableOf(text)];
}

function commonLengthOf(a: readonly string[], b: readonly string[]): number {
  const length = a.findIndex((character, index) => character !== b[index]);
  return length === -1 ? a.length : length;
}
