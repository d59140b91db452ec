/** What node:crypto cannot do: Ed25519ph, and ECDSA over a hash made elsewhere. Loaded on use (it costs 40 ms); handles
 *  public values only. The one file that imports @noble/curves. */

import type { PublicKey } from './public-key.ts';

const ED25519_KEY_BYTES = 32;
const POINT_BYTES: Readonly<Record<string, number>> = { 'ecdsa-p256': 65, 'ecdsa-p384': 97, 'ecdsa-p521': 133 };

/** @source RFC 8032 section 5.1 (strict: cofactor and encoding rules of the RFC, not of ZIP 215) */
export async function isEd25519phSignature(
  key: PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const { ed25519ph } = await import('@noble/curves/ed25519.js');
  return isTrue(() => ed25519ph.verify(signature, message, key.spki.subarray(-ED25519_KEY_BYTES), { zip215: false }));
}

/** @source FIPS 186-5 section 6.4.2 */
export async function isEcdsaSignatureOfHash(
  key: PublicKey,
  hash: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const { p256, p384, p521 } = await import('@noble/curves/nist.js');
  const curve = { 'ecdsa-p256': p256, 'ecdsa-p384': p384, 'ecdsa-p521': p521 }[key.algorithm as string];
  const point = key.spki.subarray(-(POINT_BYTES[key.algorithm] ?? 0));
  const options = { prehash: false, lowS: false, format: 'der' } as const;
  return curve !== undefined && isTrue(() => curve.verify(signature, hash, point, options));
}

/** Malformed signatures throw there; here they are simply not signatures. */
function isTrue(verify: () => boolean): boolean {
  try {
    return verify();
  } catch {
    return false;
  }
}
