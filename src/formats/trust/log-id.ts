/** What logs are called by: 32 bytes made of the key, and for some keys of the log's name.
 *  @source RFC 6962 section 3.2; c2sp.org/signed-note, Signatures */

import { concatBytes, parseHex, utf8Of } from '../../base/bytes.ts';
import { hashOf } from '../../crypto/hash.ts';
import type { PublicKey } from '../../crypto/public-key.ts';

const ED25519_POINT_BYTES = 32;
const RSA_FORMAT = 'PKIX-RSA-PKCS#1v1.5';

/** The id of a log: SHA-256 of its SubjectPublicKeyInfo, as Rekor v1 and certificate transparency have it. With an origin
 *  the hash whose first four bytes its checkpoint signatures begin with, as Rekor v2 has it; for ECDSA they are the same. */
export function logIdOf(key: PublicKey, origin?: string): Uint8Array {
  if (origin === undefined || key.algorithm.startsWith('ecdsa')) {
    return parseHex(key.fingerprint);
  }
  const named =
    key.algorithm === 'rsa'
      ? [Uint8Array.of(0xff), utf8Of(RSA_FORMAT), key.spki]
      : [Uint8Array.of(0x01), key.spki.subarray(-ED25519_POINT_BYTES)];
  return hashOf('sha256', concatBytes([utf8Of(`${origin}\n`), ...named]));
}

/** The names by which a log at this address may sign checkpoints: its host, with or without port, or the whole address
 *  without scheme. Empty for no address. */
export function originsOf(baseUrl: string): readonly string[] {
  const address = baseUrl.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '').replace(/\/+$/, '');
  const [host = ''] = address.split('/', 1);
  const hostname = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return [...new Set([hostname, host, address])].filter((name) => name !== '');
}
