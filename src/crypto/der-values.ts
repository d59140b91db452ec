/** Values inside DER elements. Each function throws DER_MALFORMED for what is not the one encoding of its value.
 *  @source ITU-T X.690 sections 8 and 11 */

import { parseUtf8 } from '../base/bytes.ts';
import { InputError, isErrorWithCode } from '../base/errors.ts';
import { contentOf, derTags, requireTag } from './der.ts';
import type { DerElement } from './der.ts';

/** Dotted decimal: "1.3.6.1.5.5.7.3.3". */
export function oidOf(element: DerElement): string {
  const { source, contentStart, end } = requireTag(element, derTags.oid);
  let text = '';
  let arc = 0;
  for (let at = contentStart; at < end; at += 1) {
    const octet = source[at] ?? 0;
    if (arc === 0 && octet === 0x80) throw malformed('an object identifier with padding', element);
    arc = arc * 128 + (octet & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER / 128) throw malformed('an object identifier with a huge arc', element);
    if (octet < 0x80) {
      text += text === '' ? firstArcsOf(arc) : `.${arc}`;
      arc = 0;
    } else if (at === end - 1) {
      throw malformed('a cut object identifier', element);
    }
  }
  if (text === '') throw malformed('an empty object identifier', element);
  return text;
}

export function booleanOf(element: DerElement): boolean {
  const { source, contentStart, end } = requireTag(element, derTags.boolean);
  const octet = source[contentStart];
  if (end !== contentStart + 1 || (octet !== 0 && octet !== 0xff)) throw malformed('a boolean', element);
  return octet === 0xff;
}

/** Two's complement, as its minimal octets. */
export function integerBytesOf(element: DerElement): Uint8Array {
  const content = contentOf(requireTag(element, derTags.integer));
  const [first, second = 0] = content;
  const isPadded = content.length > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80));
  if (first === undefined || isPadded) throw malformed('an integer that is not minimal', element);
  return content;
}

/** A whole number from 0 to 2^53-1. */
export function countOf(element: DerElement): number {
  const bytes = integerBytesOf(element);
  const value = bytes.reduce((sum, octet) => sum * 256 + octet, 0);
  if ((bytes[0] ?? 0) >= 0x80 || value > Number.MAX_SAFE_INTEGER) throw malformed('an integer out of range', element);
  return value;
}

/** The octets of a BIT STRING that has no unused bits. */
export function bitStringOf(element: DerElement): Uint8Array {
  const content = contentOf(requireTag(element, derTags.bitString));
  if (content[0] !== 0) throw malformed('a bit string with unused bits', element);
  return content.subarray(1);
}

/** The numbers of the bits that are set in a named bit list. @source X.690 section 11.2 */
export function namedBitsOf(element: DerElement): ReadonlySet<number> {
  const [unused = 8, ...octets] = contentOf(requireTag(element, derTags.bitString));
  const last = octets.at(-1);
  const isMinimal =
    last === undefined
      ? unused === 0
      : unused < 8 && (last & ((1 << unused) - 1)) === 0 && ((last >> unused) & 1) === 1;
  if (!isMinimal) throw malformed('a bit list that is not minimal', element);
  const bits = new Set<number>();
  octets.forEach((octet, index) => {
    for (let bit = 0; bit < 8; bit += 1) {
      if (((octet >> (7 - bit)) & 1) === 1) bits.add(index * 8 + bit);
    }
  });
  return bits;
}

/** A UTF8String, PrintableString or IA5String. */
export function textOf(element: DerElement): string {
  const { tag } = element;
  if (tag !== derTags.utf8String && tag !== derTags.printableString && tag !== derTags.ia5String) {
    throw malformed('a text of another kind', element);
  }
  const content = contentOf(element);
  if (tag !== derTags.utf8String && content.some((octet) => octet >= 0x80))
    throw malformed('a text beyond ASCII', element);
  return utf8TextOf(content, element);
}

/** UTF-8 bytes that stand for a text of this element. */
export function utf8TextOf(content: Uint8Array, element: DerElement): string {
  try {
    return parseUtf8(content);
  } catch (error) {
    throw isErrorWithCode(error, 'TEXT_NOT_UTF8') ? malformed('a text that is not UTF-8', element) : error;
  }
}

const FRACTION = /^\.(\d{0,8}[1-9])Z$/;
const DIGIT_0 = 0x30;
const LETTER_Z = 0x5a;

/** A UTCTime or GeneralizedTime in UTC, with seconds. Fractions below a millisecond are cut off.
 *  @source RFC 5280 section 4.1.2.5, X.690 section 11.7 */
export function instantOf(element: DerElement): Date {
  const { source, contentStart } = element;
  const isUtc = element.tag === derTags.utcTime;
  if (!isUtc) requireTag(element, derTags.generalizedTime);
  const century = isUtc ? 0 : twoDigitsAt(source, contentStart) * 100;
  const at = isUtc ? contentStart : contentStart + 2;
  const shortYear = twoDigitsAt(source, at);
  const year = isUtc ? shortYear + (shortYear < 50 ? 2000 : 1900) : century + shortYear;
  const month = twoDigitsAt(source, at + 2);
  const day = twoDigitsAt(source, at + 4);
  const hour = twoDigitsAt(source, at + 6);
  const minute = twoDigitsAt(source, at + 8);
  const second = twoDigitsAt(source, at + 10);
  const instant = new Date(0);
  instant.setUTCFullYear(year, month - 1, day);
  instant.setUTCHours(hour, minute, second, fractionMsOf(element, at + 12));
  // A 31st of February would have become another day; what is no digit, no time at all.
  const isReal =
    instant.getUTCMonth() === month - 1 &&
    instant.getUTCDate() === day &&
    instant.getUTCHours() === hour &&
    instant.getUTCMinutes() === minute &&
    instant.getUTCSeconds() === second;
  if (!isReal) throw malformed('a time that does not exist', element);
  return instant;
}

/** NaN where two digits are not. */
function twoDigitsAt(source: Uint8Array, at: number): number {
  const tens = (source[at] ?? 0) - DIGIT_0;
  const ones = (source[at + 1] ?? 0) - DIGIT_0;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/** What follows the seconds of a time: a fraction, perhaps, and the letter that says that the time is in UTC. */
function fractionMsOf(element: DerElement, at: number): number {
  const { source, end } = element;
  if (at === end - 1 && source[at] === LETTER_Z) return 0;
  const digits = FRACTION.exec(String.fromCharCode(...source.subarray(at, Math.min(end, at + 20))))?.[1];
  if (digits === undefined) throw malformed('a time', element);
  return Math.floor(Number(`0.${digits}`) * 1000);
}

/** The first two stand in one number. @source X.690 section 8.19.4 */
function firstArcsOf(number: number): string {
  const root = Math.min(Math.floor(number / 40), 2);
  return `${root}.${number - root * 40}`;
}

function malformed(what: string, element: DerElement): InputError {
  return new InputError('DER_MALFORMED', `DER: ${what}, at byte ${element.start}`, {
    details: { offset: element.start },
  });
}
