/** Reads TLS presentation language: big-endian numbers, and vectors that their length precedes.
 *  @source RFC 8446 section 3 */

const LAST_DATE_MS = 8_640_000_000_000_000;

/** Reads from the start to the end; what it returns shares memory with the bytes. */
export class TlsReader {
  readonly #bytes: Uint8Array;
  readonly #faultOf: (why: string) => Error;
  #at = 0;

  /** `faultOf` makes the error that is thrown: "cut off", "a time beyond all dates", "bytes after the end". */
  constructor(bytes: Uint8Array, faultOf: (why: string) => Error) {
    this.#bytes = bytes;
    this.#faultOf = faultOf;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** How many bytes have been read. */
  get position(): number {
    return this.#at;
  }

  bytes(length: number): Uint8Array {
    const part = this.#bytes.subarray(this.#at, this.#at + length);
    if (part.length !== length) throw this.#faultOf('cut off');
    this.#at += length;
    return part;
  }

  /** Exact up to six octets. */
  number(octets: number): number {
    return this.bytes(octets).reduce((sum, octet) => sum * 256 + octet, 0);
  }

  /** Milliseconds since 1970, in eight octets. */
  instant(): Date {
    // Beyond 2^53 it is inexact, and beyond all dates.
    const ms = this.number(8);
    if (ms > LAST_DATE_MS) throw this.#faultOf('a time beyond all dates');
    return new Date(ms);
  }

  /** As many bytes as the number of so many octets says that comes first. */
  vector(lengthOctets: number): Uint8Array {
    return this.bytes(this.number(lengthOctets));
  }

  end(): void {
    if (!this.isAtEnd) throw this.#faultOf('bytes after the end');
  }
}
