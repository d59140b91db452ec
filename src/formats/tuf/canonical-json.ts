/** The one spelling of a JSON value that TUF signatures cover and key ids are hashed from.
 *  @source wiki.laptop.org/go/Canonical_JSON; TUF specification 1.0.34 section 4.1 */

import { InputError } from '../../base/errors.ts';
import type { JsonValue } from '../../base/json.ts';

/** Names sorted, no white space, and of all characters only the quote and the backslash escaped. Throws
 *  TUF_METADATA_MALFORMED for a number that is not whole: it has no canonical spelling. */
export function canonicalJsonOf(value: JsonValue): string {
  if (typeof value === 'string') return textOf(value);
  if (typeof value === 'number') return numberOf(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (isList(value)) return `[${value.map(canonicalJsonOf).join(',')}]`;
  const members = Object.keys(value).toSorted(byCodeUnits);
  return `{${members.map((name) => `${textOf(name)}:${canonicalJsonOf(value[name] ?? null)}`).join(',')}}`;
}

function textOf(text: string): string {
  return `"${text.replaceAll(/["\\]/g, (character) => `\\${character}`)}"`;
}

function numberOf(value: number): string {
  if (Number.isSafeInteger(value)) return value.toString();
  throw new InputError('TUF_METADATA_MALFORMED', `${value} has no canonical spelling: expected a whole number`);
}

/** As JavaScript compares texts. For names beyond U+D7FF others sort otherwise: ours are ASCII. */
function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
