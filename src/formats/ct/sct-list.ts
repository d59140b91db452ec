/** Signed certificate timestamps, as they are embedded in certificates. @source RFC 6962 sections 3.2 and 3.3 */

import { limits } from '../../base/limits.ts';
import { derTags } from '../../crypto/der.ts';
import { contentOf, requireTag } from '../../crypto/der.ts';
import type { HashName } from '../../crypto/hash.ts';
import { certificateError } from '../x509/certificate.ts';
import type { Certificate } from '../x509/certificate.ts';
import { extensionIds, readExtension } from '../x509/extensions.ts';

export interface Sct {
  /** 32 bytes. */
  readonly logId: Uint8Array;
  readonly timestamp: Date;
  /** Signed as they are; static CT logs put the index of the entry there. */
  readonly extensions: Uint8Array;
  /** Undefined for hashes that are not accepted, and where the signature needs none. */
  readonly hash: HashName | undefined;
  readonly keyType: 'rsa' | 'ecdsa' | 'ed25519' | 'unknown';
  readonly signature: Uint8Array;
}

const VERSION_1 = 0;
const LOG_ID_BYTES = 32;
const CUT_OFF = 'a signed certificate timestamp that is cut off';
const LAST_DATE_MS = 8_640_000_000_000_000;

/** @source RFC 5246 section 7.4.1.4.1, RFC 8422 section 5.1.3 */
const HASHES: Readonly<Record<number, HashName>> = { 4: 'sha256', 5: 'sha384', 6: 'sha512' };
const KEY_TYPES: Readonly<Record<number, Sct['keyType']>> = { 1: 'rsa', 3: 'ecdsa', 7: 'ed25519' };

/** All timestamps of the certificate, in its order; undefined when it has none. Throws CERTIFICATE_MALFORMED. */
export function sctsOf(certificate: Certificate): readonly Sct[] | undefined {
  return readExtension(certificate, extensionIds.sctList, (value) =>
    parseSctList(contentOf(requireTag(value, derTags.octetString))),
  );
}

/** Reads a SignedCertificateTimestampList. Throws CERTIFICATE_MALFORMED. @internal for its tests */
export function parseSctList(bytes: Uint8Array): readonly Sct[] {
  const outer = new TlsReader(bytes);
  const list = new TlsReader(outer.vector());
  outer.end();
  const scts: Sct[] = [];
  while (!list.isAtEnd) {
    if (scts.length === limits.certificateTimestamps) {
      throw certificateError(`more than ${limits.certificateTimestamps} signed certificate timestamps`);
    }
    scts.push(readSct(new TlsReader(list.vector())));
  }
  if (scts.length === 0) throw certificateError('an empty list of signed certificate timestamps');
  return scts;
}

function readSct(sct: TlsReader): Sct {
  if (sct.octet() !== VERSION_1) throw certificateError('a signed certificate timestamp that is not of version 1');
  const logId = sct.bytes(LOG_ID_BYTES);
  const timestamp = timestampOf(sct.bytes(8));
  const extensions = sct.vector();
  const hash = HASHES[sct.octet()];
  const keyType = KEY_TYPES[sct.octet()] ?? 'unknown';
  const signature = sct.vector();
  sct.end();
  return { logId, timestamp, extensions, hash, keyType, signature };
}

function timestampOf(octets: Uint8Array): Date {
  // Beyond 2^53 it is inexact, and beyond all dates.
  const ms = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  if (ms > LAST_DATE_MS) throw certificateError('a signed certificate timestamp beyond all dates');
  return new Date(ms);
}

/** Reads TLS presentation language: big-endian numbers, vectors with a length of two octets. @source RFC 8446 section 3 */
class TlsReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  bytes(length: number): Uint8Array {
    const part = this.#bytes.subarray(this.#at, this.#at + length);
    if (part.length !== length) throw certificateError(CUT_OFF);
    this.#at += length;
    return part;
  }

  octet(): number {
    const octet = this.#bytes[this.#at];
    if (octet === undefined) throw certificateError(CUT_OFF);
    this.#at += 1;
    return octet;
  }

  vector(): Uint8Array {
    const high = this.octet();
    return this.bytes(high * 256 + this.octet());
  }

  end(): void {
    if (!this.isAtEnd) throw certificateError('bytes after a signed certificate timestamp');
  }
}
