/** What a certificate transparency log signed: the certificate as it was before the timestamps were put into it.
 *  @source RFC 6962 section 3.2 */

import { concatBytes } from '../../base/bytes.ts';
import { childrenOf, cursorOf, derTags, parseDer } from '../../crypto/der.ts';
import { hashOf } from '../../crypto/hash.ts';
import { asCertificateError, certificateError } from '../x509/certificate.ts';
import type { Certificate } from '../x509/certificate.ts';
import { extensionIds } from '../x509/extensions.ts';
import type { Sct } from './sct-list.ts';

const EXTENSIONS = 0xa3;

/** The precertificate entry: hash of the issuer's key, and the certificate's signed part without its timestamps.
 *  Throws CERTIFICATE_MALFORMED. */
export function precertificateEntryOf(certificate: Certificate, issuer: Certificate): Uint8Array {
  const tbs = withoutTimestamps(certificate);
  return concatBytes([hashOf('sha256', issuer.spki), bigEndianOf(tbs.length, 3), tbs]);
}

/** The bytes that this timestamp's signature covers. */
export function signedBytesOf({ timestamp, extensions }: Sct, precertificateEntry: Uint8Array): Uint8Array {
  return concatBytes([
    // Version 1, certificate_timestamp.
    new Uint8Array([0, 0]),
    bigEndianOf(timestamp.getTime(), 8),
    // precert_entry.
    new Uint8Array([0, 1]),
    precertificateEntry,
    bigEndianOf(extensions.length, 2),
    extensions,
  ]);
}

/** Everything stays as it is, byte for byte; only the lengths of the three elements around the extension change. */
function withoutTimestamps({ tbs, extensions }: Certificate): Uint8Array {
  return asCertificateError(() => {
    const whole = parseDer(tbs, derTags.sequence);
    const wrapper = childrenOf(whole).at(-1);
    if (wrapper?.tag !== EXTENSIONS) throw certificateError('without extensions');
    const list = cursorOf(wrapper, EXTENSIONS).next(derTags.sequence);
    // In the same order as they were read; there is at most one.
    const removed = childrenOf(list)[extensions.findIndex(({ oid }) => oid === extensionIds.sctList)];
    const { start, end } = removed ?? { start: list.end, end: list.end };
    const kept = [tbs.subarray(list.contentStart, start), tbs.subarray(end, list.end)];
    return wrap(derTags.sequence, [
      tbs.subarray(whole.contentStart, wrapper.start),
      wrap(EXTENSIONS, [wrap(derTags.sequence, kept)]),
    ]);
  });
}

function wrap(tag: number, parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const octets = length < 0x80 ? 0 : length < 0x1_00 ? 1 : length < 0x1_00_00 ? 2 : 3;
  const header = octets === 0 ? [tag, length] : [tag, 0x80 + octets, ...bigEndianOf(length, octets)];
  return concatBytes([new Uint8Array(header), ...parts]);
}

function bigEndianOf(value: number, octets: number): Uint8Array {
  const bytes = new Uint8Array(octets);
  for (let at = octets - 1, rest = value; at >= 0; at -= 1, rest = Math.floor(rest / 256)) {
    bytes[at] = rest % 256;
  }
  return bytes;
}
