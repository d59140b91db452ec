/** What a certificate transparency log signed: the certificate as it was before the timestamps were put into it.
 *  @source RFC 6962 section 3.2 */

import { concatBytes } from '../../base/bytes.ts';
import { der } from '../../crypto/der-writer.ts';
import { childrenOf, cursorOf, derTags, parseDer } from '../../crypto/der.ts';
import { hashOf } from '../../crypto/hash.ts';
import { asCertificateError, certificateError } from '../x509/certificate.ts';
import type { Certificate } from '../x509/certificate.ts';
import { extensionIds } from '../x509/extensions.ts';
import type { Sct } from './sct-list.ts';
import { bigEndianOf, vectorOf } from './tls-writer.ts';

const EXTENSIONS = 0xa3;

/** The precertificate entry: hash of the issuer's key, and the certificate's signed part without its timestamps, or
 *  without the poison where it is the precertificate itself. Throws CERTIFICATE_MALFORMED. */
export function precertificateEntryOf(
  certificate: Certificate,
  issuer: Certificate,
  removed: string = extensionIds.sctList,
): Uint8Array {
  return concatBytes([hashOf('sha256', issuer.spki), vectorOf(3, tbsWithout(certificate, removed))]);
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
function tbsWithout({ tbs, extensions }: Certificate, removedOid: string): Uint8Array {
  return asCertificateError(() => {
    const whole = parseDer(tbs, derTags.sequence);
    const wrapper = childrenOf(whole).at(-1);
    if (wrapper?.tag !== EXTENSIONS) throw certificateError('without extensions');
    const list = cursorOf(wrapper, EXTENSIONS).next(derTags.sequence);
    // In the same order as they were read; there is at most one.
    const removed = childrenOf(list)[extensions.findIndex(({ oid }) => oid === removedOid)];
    const { start, end } = removed ?? { start: list.end, end: list.end };
    const kept = [tbs.subarray(list.contentStart, start), tbs.subarray(end, list.end)];
    return der(
      derTags.sequence,
      tbs.subarray(whole.contentStart, wrapper.start),
      der(EXTENSIONS, der(derTags.sequence, ...kept)),
    );
  });
}
