/** What node:crypto cannot do: Ed25519ph, and ECDSA over a hash made elsewhere. Loaded on use (it costs 40 ms); handles
 *  public values only. The one file that imports @noble/curves. */

import { createECDH } from 'node:crypto';

import { concatBytes, hexOf, latin1Of, parseHex } from '../base/bytes.ts';
import { hashOf } from './hash.ts';
import type { PublicKey } from './public-key.ts';

const ED25519_KEY_BYTES = 32;
/** With the flag of the variant, and no context. @source RFC 8032 section 2, dom2 */
const ED25519PH_DOMAIN = concatBytes([latin1Of('SigEd25519 no Ed25519 collisions'), Uint8Array.of(1, 0)]);

/** The curve's name in OpenSSL, and the bytes of a coordinate. */
interface CurveRow {
  readonly openssl: string;
  readonly bytes: number;
}

const CURVES: Readonly<Record<'ecdsa-p256' | 'ecdsa-p384' | 'ecdsa-p521', CurveRow>> = {
  'ecdsa-p256': { openssl: 'prime256v1', bytes: 32 },
  'ecdsa-p384': { openssl: 'secp384r1', bytes: 48 },
  'ecdsa-p521': { openssl: 'secp521r1', bytes: 66 },
};

/** `hash`: SHA-512 of the message.
 *  @source RFC 8032 section 5.1 (strict: cofactor and encoding rules of the RFC, not of ZIP 215) */
export async function isEd25519phSignatureOfHash(
  key: PublicKey,
  hash: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const { ed25519 } = await import('@noble/curves/ed25519.js');
  const { eddsa } = await import('@noble/curves/abstract/edwards.js');
  const ed25519ph = eddsa(ed25519.Point, (bytes: Uint8Array) => hashOf('sha512', bytes), {
    domain: (data: Uint8Array) => concatBytes([ED25519PH_DOMAIN, data]),
  });
  return isTrue(() => ed25519ph.verify(signature, hash, key.spki.subarray(-ED25519_KEY_BYTES), { zip215: false }));
}

/** Strict: a signature has one DER encoding. @source FIPS 186-5 section 6.4.2 */
export async function isEcdsaSignatureOfHash(
  key: PublicKey,
  hash: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (key.algorithm === 'rsa' || key.algorithm === 'ed25519') return false;
  const { p256, p384, p521 } = await import('@noble/curves/nist.js');
  const { Point, Signature } = { 'ecdsa-p256': p256, 'ecdsa-p384': p384, 'ecdsa-p521': p521 }[key.algorithm];
  const { openssl, bytes } = CURVES[key.algorithm];
  const { Fn } = Point;
  // A longer one would have to be cut.
  if (hash.length > bytes) return false;
  return isTrue(() => {
    const { r, s } = Signature.fromBytes(signature, 'der');
    const z = Fn.create(BigInt(`0x${hexOf(hash)}`));
    const q = Point.fromBytes(key.spki.subarray(-1 - 2 * bytes));
    // The standard's R = (z/s)·G + (r/s)·Q is (r/s)·((z/r)·G + Q). OpenSSL multiplies ten times faster than anything in
    // JavaScript; of a product with a point that is not G it tells the x coordinate only, and no more is needed.
    const ecdh = createECDH(openssl);
    const times = (factor: bigint): void => ecdh.setPrivateKey(parseHex(factor.toString(16).padStart(2 * bytes, '0')));
    // One inversion for both: it takes as long as a dozen products.
    const inverse = Fn.inv(Fn.mul(r, s));
    const ratio = Fn.mul(Fn.mul(z, s), inverse);
    if (ratio !== 0n) times(ratio);
    const sum = ratio === 0n ? q : q.add(Point.fromBytes(ecdh.getPublicKey()));
    if (sum.is0()) return false;
    times(Fn.mul(Fn.mul(r, r), inverse));
    return Fn.create(BigInt(`0x${hexOf(ecdh.computeSecret(sum.toBytes(false)))}`)) === r;
  });
}

/** Malformed signatures throw there; here they are simply not signatures. */
function isTrue(verify: () => boolean): boolean {
  try {
    return verify();
  } catch {
    return false;
  }
}
