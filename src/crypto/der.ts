/** Strict DER, read by offsets: nothing is copied until it is asked for. Definite, minimal lengths; one-byte tags; a whole
 *  document is exactly one element. @source ITU-T X.690 sections 8 and 10 */

import { InputError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';

/** One element. Offsets count from the start of `source`. */
export interface DerElement {
  /** The identifier octet: 0x30 SEQUENCE, 0xa0 [0] constructed. */
  readonly tag: number;
  readonly source: Uint8Array;
  /** Where the identifier octet stands. */
  readonly start: number;
  readonly contentStart: number;
  readonly end: number;
}

/** Identifier octets. */
export const derTags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

const LONG_FORM = 0x80;
const MULTI_BYTE_TAG = 0x1f;
const MAX_LENGTH_OCTETS = 4;

/** Reads a document that is exactly one element, of this tag if one is given. Throws DER_MALFORMED, INPUT_TOO_LARGE. */
export function parseDer(source: Uint8Array, tag?: number): DerElement {
  if (source.length > limits.derBytes) {
    throw new InputError('INPUT_TOO_LARGE', `DER: ${source.length} bytes, at most ${limits.derBytes} are read`);
  }
  const element = elementAt(source, 0, source.length);
  if (element.end !== source.length) {
    throw malformed(`${source.length - element.end} bytes after the end`, element.end);
  }
  return tag === undefined ? element : requireTag(element, tag);
}

/** The element without its header; shares memory with the source. */
export function contentOf({ source, contentStart, end }: DerElement): Uint8Array {
  return source.subarray(contentStart, end);
}

/** The element with its header; shares memory with the source. */
export function encodedOf({ source, start, end }: DerElement): Uint8Array {
  return source.subarray(start, end);
}

/** The elements inside a constructed one (or inside a string that wraps DER), in order. Throws DER_MALFORMED. */
export function childrenOf(parent: DerElement): readonly DerElement[] {
  const children: DerElement[] = [];
  for (let at = parent.contentStart; at < parent.end; at = children.at(-1)?.end ?? parent.end) {
    children.push(elementAt(parent.source, at, parent.end));
  }
  return children;
}

/** Reads the children of one element in order, each where the grammar expects it. */
export class DerCursor {
  readonly #parent: DerElement;
  #at: number;

  constructor(parent: DerElement) {
    this.#parent = parent;
    this.#at = parent.contentStart;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#parent.end;
  }

  /** The next element, of this tag if one is given. Throws DER_MALFORMED. */
  next(tag?: number): DerElement {
    if (this.isAtEnd) {
      throw malformed('an element is missing', this.#at);
    }
    const element = elementAt(this.#parent.source, this.#at, this.#parent.end);
    if (tag !== undefined) {
      requireTag(element, tag);
    }
    this.#at = element.end;
    return element;
  }

  /** The next element if it has this tag; otherwise undefined, and the cursor stays. Throws DER_MALFORMED. */
  optional(tag: number): DerElement | undefined {
    return this.#parent.source[this.#at] === tag && !this.isAtEnd ? this.next(tag) : undefined;
  }

  /** Throws DER_MALFORMED when something is left. */
  end(): void {
    if (!this.isAtEnd) {
      throw malformed('an element too many', this.#at);
    }
  }
}

/** A cursor over the children of an element that must have this tag. Throws DER_MALFORMED. */
export function cursorOf(element: DerElement, tag: number = derTags.sequence): DerCursor {
  return new DerCursor(requireTag(element, tag));
}

export function requireTag(element: DerElement, tag: number): DerElement {
  if (element.tag !== tag) {
    throw malformed(`expected tag 0x${tag.toString(16)}, got 0x${element.tag.toString(16)}`, element.start);
  }
  return element;
}

function elementAt(source: Uint8Array, start: number, limit: number): DerElement {
  const tag = source[start] ?? 0;
  if (start + 2 > limit || (tag & MULTI_BYTE_TAG) === MULTI_BYTE_TAG) {
    throw malformed(start + 2 > limit ? 'cut off' : 'a tag of several bytes', start);
  }
  const first = source[start + 1] ?? 0;
  const octets = first < LONG_FORM ? 0 : first - LONG_FORM;
  const contentStart = start + 2 + octets;
  if ((first >= LONG_FORM && octets === 0) || octets > MAX_LENGTH_OCTETS || contentStart > limit) {
    throw malformed('an indefinite or impossible length', start);
  }
  let length = octets === 0 ? first : 0;
  for (let at = start + 2; at < contentStart; at += 1) {
    length = length * 256 + (source[at] ?? 0);
  }
  const isMinimal = octets === 0 || (length >= LONG_FORM && length >= 256 ** (octets - 1));
  if (!isMinimal || contentStart + length > limit) {
    throw malformed(isMinimal ? 'cut off' : 'a length that is not minimal', start);
  }
  return { tag, source, start, contentStart, end: contentStart + length };
}

function malformed(why: string, at: number): InputError {
  return new InputError('DER_MALFORMED', `DER: ${why}, at byte ${at}`, { details: { offset: at } });
}
