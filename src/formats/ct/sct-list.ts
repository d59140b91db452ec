/** Signed certificate timestamps, as they are embedded in certificates. @source RFC 6962 sections 3.2 and 3.3 */

import type { InputError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { contentOf, derTags, requireTag } from '../../crypto/der.ts';
import { octetString } from '../../crypto/der-writer.ts';
import type { HashName } from '../../crypto/hash.ts';
import { certificateError } from '../x509/certificate.ts';
import type { Certificate } from '../x509/certificate.ts';
import { extensionIds, readExtension } from '../x509/extensions.ts';
import { TlsReader } from './tls-reader.ts';
import { vectorOf } from './tls-writer.ts';

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

/** @source RFC 5246 section 7.4.1.4.1, RFC 8422 section 5.1.3 */
const HASHES: Readonly<Record<number, HashName>> = { 4: 'sha256', 5: 'sha384', 6: 'sha512' };
const KEY_TYPES: Readonly<Record<number, Sct['keyType']>> = { 1: 'rsa', 3: 'ecdsa', 7: 'ed25519' };

/** All timestamps of the certificate, in its order; undefined when it has none. Throws CERTIFICATE_MALFORMED. */
export function sctsOf(certificate: Certificate): readonly Sct[] | undefined {
  return readExtension(certificate, extensionIds.sctList, (value) =>
    parseSctList(contentOf(requireTag(value, derTags.octetString))),
  );
}

/** What the extension holds: an OCTET STRING of a SignedCertificateTimestampList, of timestamps as `encodeSct` writes. */
export function encodeSctList(scts: readonly Uint8Array[]): Uint8Array {
  return octetString(vectorOf(2, ...scts.map((sct) => vectorOf(2, sct))));
}

/** Reads a SignedCertificateTimestampList. Throws CERTIFICATE_MALFORMED. @internal for its tests */
export function parseSctList(bytes: Uint8Array): readonly Sct[] {
  const outer = new TlsReader(bytes, faultOf);
  const list = new TlsReader(outer.vector(2), faultOf);
  outer.end();
  const scts: Sct[] = [];
  while (!list.isAtEnd) {
    if (scts.length === limits.certificateTimestamps) {
      throw certificateError(`more than ${limits.certificateTimestamps} signed certificate timestamps`);
    }
    scts.push(readSct(new TlsReader(list.vector(2), faultOf)));
  }
  if (scts.length === 0) throw certificateError('an empty list of signed certificate timestamps');
  return scts;
}

function readSct(sct: TlsReader): Sct {
  if (sct.number(1) !== VERSION_1) throw certificateError('a signed certificate timestamp that is not of version 1');
  const logId = sct.bytes(LOG_ID_BYTES);
  const timestamp = sct.instant();
  const extensions = sct.vector(2);
  const hash = HASHES[sct.number(1)];
  const keyType = KEY_TYPES[sct.number(1)] ?? 'unknown';
  const signature = sct.vector(2);
  sct.end();
  return { logId, timestamp, extensions, hash, keyType, signature };
}

function faultOf(why: string): InputError {
  return certificateError(`signed certificate timestamps: ${why}`);
}
