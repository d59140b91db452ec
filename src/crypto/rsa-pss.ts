/** RSA-PSS over a hash made elsewhere, which node:crypto cannot verify: it wants the message. */

import { constants, publicDecrypt } from 'node:crypto';

import { concatBytes, isSameBytes } from '../base/bytes.ts';
import { hashOf } from './hash.ts';
import type { PublicKey } from './public-key.ts';

const HASH_BYTES = 32;
const TRAILER = 0xbc;
/** The encoded message is one bit shorter than the modulus, whose length is whole bytes. */
const TOP_BIT = 0x80;

/** With SHA-256 for both hash and mask, and a salt of any length. Throws what node:crypto throws for a signature that
 *  is not a number below the modulus. @source RFC 8017 section 9.1.2 (EMSA-PSS-VERIFY) */
export function isPssSignatureOfSha256(key: PublicKey, hash: Uint8Array, signature: Uint8Array): boolean {
  const encoded = new Uint8Array(publicDecrypt({ key: key.keyObject, padding: constants.RSA_NO_PADDING }, signature));
  const masked = encoded.subarray(0, encoded.length - HASH_BYTES - 1);
  const stated = encoded.subarray(masked.length, -1);
  if (encoded.at(-1) !== TRAILER || ((masked[0] ?? 0) & TOP_BIT) !== 0) {
    return false;
  }
  const mask = maskOf(stated, masked.length);
  const data = masked.map((byte, index) => (byte ^ (mask[index] ?? 0)) & (index === 0 ? ~TOP_BIT : 0xff));
  // Zeros, a one, then the salt.
  const one = data.findIndex((byte) => byte !== 0);
  if (data[one] !== 1) {
    return false;
  }
  return isSameBytes(stated, hashOf('sha256', concatBytes([new Uint8Array(8), hash, data.subarray(one + 1)])));
}

/** MGF1 with SHA-256. @source RFC 8017 appendix B.2.1 */
function maskOf(seed: Uint8Array, length: number): Uint8Array {
  const blocks = Array.from({ length: Math.ceil(length / HASH_BYTES) }, (_, counter) =>
    hashOf('sha256', concatBytes([seed, new Uint8Array([0, 0, 0, counter])])),
  );
  return concatBytes(blocks).subarray(0, length);
}
