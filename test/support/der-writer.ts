/** Writes DER: what a test needs to make certificates and timestamps of its own. Shares nothing with the readers in src,
 *  so that each checks the other. @source ITU-T X.690 */

export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag, ...lengthOctetsOf(content.length)]), content]);
}

export function sequence(...contents: readonly Uint8Array[]): Buffer {
  return der(0x30, ...contents);
}

/** A SET OF: sorted by encoding, as DER wants it. */
export function setOf(...contents: readonly Uint8Array[]): Buffer {
  return der(0x31, ...[...contents].sort((a, b) => Buffer.compare(a, b)));
}

/** `[number]`, constructed: an explicit tag, or an implicit one of a SEQUENCE or SET. */
export function tagged(number: number, ...contents: readonly Uint8Array[]): Buffer {
  return der(0xa0 + number, ...contents);
}

/** `[number]`, primitive: an implicit tag of a string. */
export function taggedString(number: number, content: Uint8Array): Buffer {
  return der(0x80 + number, content);
}

/** A number from 0; bytes are read as one, the highest first. */
export function integer(value: number | Uint8Array): Buffer {
  const hex = typeof value === 'number' ? value.toString(16) : Buffer.from(value).toString('hex');
  const digits = hex.replace(/^(?:0+)(?=.)/, '');
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
  return der(0x02, Buffer.from((bytes[0] ?? 0) >= 0x80 ? [0] : []), bytes);
}

export function boolean(value: boolean): Buffer {
  return der(0x01, Buffer.from([value ? 0xff : 0]));
}

export function nullValue(): Buffer {
  return der(0x05);
}

export function octetString(content: Uint8Array): Buffer {
  return der(0x04, content);
}

export function bitString(content: Uint8Array): Buffer {
  return der(0x03, Buffer.from([0]), content);
}

/** A named bit list with these bits set, without trailing zero bits. */
export function namedBits(...bits: readonly number[]): Buffer {
  const highest = Math.max(...bits);
  const bytes = Buffer.alloc(Math.floor(highest / 8) + 1);
  for (const bit of bits) {
    bytes[Math.floor(bit / 8)] = (bytes[Math.floor(bit / 8)] ?? 0) | (0x80 >> (bit % 8));
  }
  return der(0x03, Buffer.from([7 - (highest % 8)]), bytes);
}

/** From dotted decimal. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return der(0x06, Buffer.from([first * 40 + second, ...rest].flatMap(arcOctetsOf)));
}

export function utf8String(text: string): Buffer {
  return der(0x0c, Buffer.from(text));
}

export function printableString(text: string): Buffer {
  return der(0x13, Buffer.from(text));
}

/** `YYMMDDHHMMSSZ`: years from 1950 to 2049. */
export function utcTime(instant: Date): Buffer {
  return der(0x17, Buffer.from(digitsOf(instant).slice(2)));
}

/** `YYYYMMDDHHMMSSZ`, without fractions. */
export function generalizedTime(instant: Date): Buffer {
  return der(0x18, Buffer.from(digitsOf(instant)));
}

/** What a constructed element that was written here holds, element by element: for tests that change one. */
export function derChildrenOf(element: Buffer): readonly Buffer[] {
  const children: Buffer[] = [];
  for (let at = contentOf(element, 0).start; at < element.length; at = contentOf(element, at).end) {
    children.push(element.subarray(at, contentOf(element, at).end));
  }
  return children;
}

function contentOf(bytes: Buffer, at: number): { readonly start: number; readonly end: number } {
  const first = bytes[at + 1] ?? 0;
  const octets = first < 0x80 ? 0 : first - 0x80;
  const start = at + 2 + octets;
  return { start, end: start + (octets === 0 ? first : bytes.readUIntBE(at + 2, octets)) };
}

function digitsOf(instant: Date): string {
  return `${instant.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`;
}

function lengthOctetsOf(length: number): readonly number[] {
  if (length < 0x80) {
    return [length];
  }
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) {
    octets.unshift(rest % 256);
  }
  return [0x80 + octets.length, ...octets];
}

function arcOctetsOf(arc: number): readonly number[] {
  const octets = [arc % 128];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) {
    octets.unshift(0x80 + (rest % 128));
  }
  return octets;
}
