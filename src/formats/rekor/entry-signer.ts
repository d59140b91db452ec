/** Who signed an entry, as signers tell a log of Rekor v1: a public key or a certificate, in PEM.
 *  @source sigstore/rekor pkg/pki/x509 */

import { utf8Of } from '../../base/bytes.ts';
import { InputError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { encodePem, parsePemBlocks } from '../../crypto/pem.ts';
import { parsePublicKey, parsePublicKeyDer, publicKeyPemOf } from '../../crypto/public-key.ts';
import type { PublicKey } from '../../crypto/public-key.ts';
import { parseCertificate } from '../x509/certificate.ts';
import type { Certificate } from '../x509/certificate.ts';

export interface EntrySigner {
  readonly publicKey: PublicKey;
  /** The one of the key first, then those that issued it; none where the signer is a bare key. */
  readonly certificates: readonly Certificate[];
  /** As logs keep it: lines of 64 characters, one block after the other. */
  readonly pem: Uint8Array;
}

const CERTIFICATE = 'CERTIFICATE';

/** Reads one public key, or a certificate with those that issued it. Says nothing about who vouches for them.
 *  Throws PEM_MALFORMED, KEY_MALFORMED, KEY_IS_PRIVATE, KEY_UNSUPPORTED, KEY_WEAK, CERTIFICATE_MALFORMED,
 *  LOG_ENTRY_MALFORMED, INPUT_TOO_LARGE. */
export function parseEntrySigner(pem: Uint8Array): EntrySigner {
  const blocks = parsePemBlocks(pem);
  if (blocks.some(({ label }) => label !== CERTIFICATE)) {
    if (blocks.length > 1) throw malformed('a signer is one public key, or certificates and nothing else');
    const publicKey = parsePublicKey(pem);
    return { publicKey, certificates: [], pem: utf8Of(publicKeyPemOf(publicKey)) };
  }
  if (blocks.length > limits.chainCertificates) {
    throw malformed(`a signer with ${blocks.length} certificates, at most ${limits.chainCertificates} are taken`);
  }
  const certificates = blocks.map(({ bytes }) => parseCertificate(bytes));
  const [leaf] = certificates;
  if (leaf === undefined) throw malformed('a signer without a certificate');
  return {
    publicKey: parsePublicKeyDer(leaf.spki, 'spki'),
    certificates,
    pem: utf8Of(blocks.map(encodePem).join('')),
  };
}

function malformed(why: string): InputError {
  return new InputError('LOG_ENTRY_MALFORMED', `log entry: ${why}`);
}
