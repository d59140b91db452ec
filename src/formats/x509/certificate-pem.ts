/** Files of certificates. @source RFC 7468 section 5 */

import { InputError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { encodePem, parsePemBlocks } from '../../crypto/pem.ts';
import { parseCertificate } from './certificate.ts';
import type { Certificate } from './certificate.ts';

/** Reads one or more PEM blocks `CERTIFICATE`, in their order.
 *  Throws CERTIFICATE_MALFORMED, PEM_MALFORMED, INPUT_TOO_LARGE. */
export function parseCertificatesPem(text: Uint8Array | string): readonly Certificate[] {
  const blocks = parsePemBlocks(text);
  if (blocks.length > limits.pemCertificates) {
    throw new InputError(
      'INPUT_TOO_LARGE',
      `certificate file: ${blocks.length} certificates, at most ${limits.pemCertificates} are read`,
    );
  }
  return blocks.map(({ label, bytes }) => {
    if (label !== 'CERTIFICATE') {
      throw new InputError('CERTIFICATE_MALFORMED', `expected a certificate, found a PEM block ${label}`);
    }
    return parseCertificate(bytes);
  });
}

/** One block `CERTIFICATE`, ending in a line feed. */
export function encodeCertificatePem(der: Uint8Array): string {
  return encodePem({ label: 'CERTIFICATE', bytes: der });
}
