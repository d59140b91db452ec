/** Checks raw signatures. Which schemes a key may have used stands in key-algorithm.ts. */

import { constants, publicDecrypt, verify } from 'node:crypto';

import { concatBytes, isSameBytes, parseHex } from '../base/bytes.ts';
import { hashOf } from './hash.ts';
import type { Hashes } from './hash.ts';
import { paddingOf, verifyingSchemesOf } from './key-algorithm.ts';
import type { Scheme } from './key-algorithm.ts';
import type { PublicKey } from './public-key.ts';
import { isPssSignatureOfSha256 } from './rsa-pss.ts';

/** The name of the scheme by which the key signed the message ("ECDSA P-256 with SHA-256"), or undefined when it did
 *  not. Strict: an ECDSA signature has one DER encoding. */
export async function verifySignature(
  key: PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<string | undefined> {
  for (const scheme of verifyingSchemesOf(key.algorithm)) {
    if (await verifyByScheme(scheme, key, message, signature)) {
      return scheme.name;
    }
  }
  return undefined;
}

/** Whether the key signed the message by exactly this scheme, as a log or an authority that has one scheme does. Answers
 *  at once, except for Ed25519ph, whose arithmetic is loaded. */
export function verifyByScheme(
  scheme: Scheme,
  key: PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
): boolean | Promise<boolean> {
  return scheme.kind === 'ed25519ph'
    ? isEd25519phBy(key, message, signature)
    : verifyAtOnce(scheme, key, message, signature);
}

/** As `verifyByScheme`, never by Ed25519ph: for X.509, which does not know it. */
export function verifyAtOnce(scheme: Scheme, key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  // The scheme may be named by whoever made the signature: it must not turn the key into one of another kind.
  if (scheme.algorithm !== key.algorithm || scheme.kind === 'ed25519ph') {
    return false;
  }
  const padding = paddingOf(scheme);
  if (padding !== undefined && !hasModulusLength(key, signature)) {
    return false;
  }
  const verifyingKey = padding === undefined ? key.keyObject : { key: key.keyObject, ...padding };
  return verify(scheme.hash, message, verifyingKey, signature);
}

/** As `verifySignature` for a message of which only hashes are at hand; tries the schemes whose hash is there. Of Ed25519
 *  only the variant that hashes first is found this way: see `isVerifiableByHash`. */
export async function verifyHashSignature(
  key: PublicKey,
  hashes: Partial<Hashes>,
  signature: Uint8Array,
): Promise<string | undefined> {
  for (const scheme of verifyingSchemesOf(key.algorithm)) {
    const hash = scheme.hash === undefined ? undefined : hashes[scheme.hash];
    if (hash !== undefined && (await isHashSignatureBy(scheme, key, hash, signature))) {
      return scheme.name;
    }
  }
  return undefined;
}

/** Whether hashes are enough to judge this key's signatures; pure Ed25519 needs the whole message. */
export function isVerifiableByHash(key: PublicKey): boolean {
  return key.algorithm !== 'ed25519';
}

async function isEd25519phBy(key: PublicKey, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  if (key.algorithm !== 'ed25519') {
    return false;
  }
  const { isEd25519phSignatureOfHash } = await import('./curve-arithmetic.ts');
  return isEd25519phSignatureOfHash(key, hashOf('sha512', message), signature);
}

async function isHashSignatureBy(
  scheme: Scheme,
  key: PublicKey,
  hash: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (scheme.kind === 'ecdsa') {
    const { isEcdsaSignatureOfHash } = await import('./curve-arithmetic.ts');
    return isEcdsaSignatureOfHash(key, hash, signature);
  }
  if (scheme.kind === 'ed25519ph') {
    const { isEd25519phSignatureOfHash } = await import('./curve-arithmetic.ts');
    return isEd25519phSignatureOfHash(key, hash, signature);
  }
  if (paddingOf(scheme) === undefined || !hasModulusLength(key, signature)) {
    return false;
  }
  try {
    return scheme.kind === 'rsa-pss'
      ? isPssSignatureOfSha256(key, hash, signature)
      : isPkcs1SignatureOfSha256(key, hash, signature);
  } catch {
    // node:crypto throws for what is no signature at all.
    return false;
  }
}

/** OpenSSL also takes an RSA signature whose leading zeros were left out. @source RFC 8017 section 8.1.2 step 1 */
function hasModulusLength(key: PublicKey, signature: Uint8Array): boolean {
  return signature.length * 8 === key.keyObject.asymmetricKeyDetails?.modulusLength;
}

/** DER of DigestInfo up to the hash itself. @source RFC 8017 section 9.2 note 1 */
const SHA256_DIGEST_INFO = parseHex('3031300d060960864801650304020105000420');

/** Compares the whole unpadded block with the one expected DigestInfo, so nothing in it is ever parsed. */
function isPkcs1SignatureOfSha256(key: PublicKey, hash: Uint8Array, signature: Uint8Array): boolean {
  const block = publicDecrypt({ key: key.keyObject, padding: constants.RSA_PKCS1_PADDING }, signature);
  return isSameBytes(block, concatBytes([SHA256_DIGEST_INFO, hash]));
}
