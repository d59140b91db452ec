/** Writes DER: certificates, requests, timestamps. Shares nothing with the reader (der.ts), so that each checks the other.
 *  @source ITU-T X.690 */

import { concatBytes, latin1Of, utf8Of } from '../base/bytes.ts';

/** One element: tag, length, contents one after the other. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, content) => sum + content.length, 0);
  return concatBytes([Uint8Array.from([tag, ...lengthOctetsOf(length)]), ...contents]);
}

export function sequence(...contents: readonly Uint8Array[]): Uint8Array {
  return der(0x30, ...contents);
}

/** A SET OF: sorted by encoding, as DER wants it. */
export function setOf(...contents: readonly Uint8Array[]): Uint8Array {
  return der(0x31, ...contents.toSorted(compareBytes));
}

/** `[number]`, constructed: an explicit tag, or an implicit one of a SEQUENCE or SET. */
export function tagged(number: number, ...contents: readonly Uint8Array[]): Uint8Array {
  return der(0xa0 + number, ...contents);
}

/** `[number]`, primitive: an implicit tag of a string. */
export function taggedString(number: number, content: Uint8Array): Uint8Array {
  return der(0x80 + number, content);
}

/** A number from 0; bytes are read as one, the highest first. */
export function integer(value: number | Uint8Array): Uint8Array {
  const bytes = typeof value === 'number' ? octetsOf(value, 256) : value;
  const start = bytes.findIndex((octet) => octet !== 0);
  const digits = start === -1 ? Uint8Array.of(0) : bytes.slice(start);
  return der(0x02, Uint8Array.from((digits[0] ?? 0) >= 0x80 ? [0] : []), Uint8Array.from(digits));
}

export function boolean(value: boolean): Uint8Array {
  return der(0x01, Uint8Array.of(value ? 0xff : 0));
}

export function nullValue(): Uint8Array {
  return der(0x05);
}

export function octetString(content: Uint8Array): Uint8Array {
  return der(0x04, content);
}

/** Whole octets. */
export function bitString(content: Uint8Array): Uint8Array {
  return der(0x03, Uint8Array.of(0), content);
}

/** A named bit list with these bits set, without trailing zero bits. */
export function namedBits(...bits: readonly number[]): Uint8Array {
  const highest = Math.max(...bits);
  const bytes = new Uint8Array(Math.floor(highest / 8) + 1);
  for (const bit of bits) {
    bytes[Math.floor(bit / 8)] = (bytes[Math.floor(bit / 8)] ?? 0) | (0x80 >> (bit % 8));
  }
  return der(0x03, Uint8Array.of(7 - (highest % 8)), bytes);
}

/** From dotted decimal. */
export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return der(0x06, Uint8Array.from([first * 40 + second, ...rest].flatMap(arcOctetsOf)));
}

export function utf8String(text: string): Uint8Array {
  return der(0x0c, utf8Of(text));
}

/** The caller keeps to the letters that a PrintableString may have. */
export function printableString(text: string): Uint8Array {
  return der(0x13, latin1Of(text));
}

/** `YYMMDDHHMMSSZ`: years from 1950 to 2049. */
export function utcTime(instant: Date): Uint8Array {
  return der(0x17, latin1Of(digitsOf(instant).slice(2)));
}

/** `YYYYMMDDHHMMSSZ`, without fractions. */
export function generalizedTime(instant: Date): Uint8Array {
  return der(0x18, latin1Of(digitsOf(instant)));
}

function digitsOf(instant: Date): string {
  return `${instant.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`;
}

function lengthOctetsOf(length: number): readonly number[] {
  if (length < 0x80) {
    return [length];
  }
  const octets = octetsOf(length, 256);
  return [0x80 + octets.length, ...octets];
}

function arcOctetsOf(arc: number): readonly number[] {
  const octets = octetsOf(arc, 128);
  return octets.map((octet, at) => (at === octets.length - 1 ? octet : 0x80 + octet));
}

/** Digits of a number from 0, the highest first, at least one. */
function octetsOf(value: number, base: number): readonly number[] {
  const octets = [value % base];
  for (let rest = Math.floor(value / base); rest > 0; rest = Math.floor(rest / base)) {
    octets.unshift(rest % base);
  }
  return octets;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((octet, index) => octet !== b[index]);
  return at === -1 ? a.length - b.length : (a[at] ?? 0) - (b[at] ?? -1);
}
