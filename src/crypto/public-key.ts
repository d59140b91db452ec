/** Public keys: which are accepted, how they are read and written. */

import { createPublicKey } from 'node:crypto';
import type { JsonWebKeyInput, KeyObject, PublicKeyInput } from 'node:crypto';

import { base64Of, base64UrlOf, isSameBytes, parseHex } from '../base/bytes.ts';
import { InputError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { sha256HexOf } from './hash.ts';
import { rsaBits } from './key-algorithm.ts';
import type { KeyAlgorithm } from './key-algorithm.ts';
import { encodePem, parsePem } from './pem.ts';
import { isSmallOrderPoint } from './small-order.ts';

export interface PublicKey {
  readonly algorithm: KeyAlgorithm;
  readonly keyObject: KeyObject;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** SHA-256 of the SPKI in lower-case hex: the key's name in reports, and (as base64) a bundle's hint. */
  readonly fingerprint: string;
}

/** How every DER key begins, and no PEM. */
const DER_SEQUENCE = 0x30;

/** Keys that are a point: how their SubjectPublicKeyInfo begins, up to the coordinates (uncompressed), and the length of
 *  the whole. What begins so and is as long has no other spelling. */
interface PointKey {
  readonly algorithm: KeyAlgorithm;
  /** The curve's name in JSON Web Keys, where the point has two coordinates. */
  readonly curve: 'P-256' | 'P-384' | 'P-521' | undefined;
  readonly start: Uint8Array;
  readonly spkiBytes: number;
}

const POINT_KEYS: readonly PointKey[] = [
  ['ecdsa-p256', 'P-256', '3059301306072a8648ce3d020106082a8648ce3d03010703420004', 91] as const,
  ['ecdsa-p384', 'P-384', '3076301006072a8648ce3d020106052b8104002203620004', 120] as const,
  ['ecdsa-p521', 'P-521', '30819b301006072a8648ce3d020106052b810400230381860004', 158] as const,
  ['ed25519', undefined, '302a300506032b6570032100', 44] as const,
].map(([algorithm, curve, start, spkiBytes]) => ({ algorithm, curve, start: parseHex(start), spkiBytes }));

const ED25519_POINT_BYTES = 32;

/** FIPS 186-5 asks for more than 2^16; Go reads less than 2^31. */
const RSA_EXPONENT = { least: 65_537n, below: 2n ** 31n } as const;

/** Reads a public key: one PEM block `PUBLIC KEY` or `RSA PUBLIC KEY`, or a SubjectPublicKeyInfo in DER.
 *  Throws KEY_MALFORMED, KEY_IS_PRIVATE, KEY_UNSUPPORTED, KEY_WEAK, PEM_MALFORMED, INPUT_TOO_LARGE.
 *  @source RFC 5280 section 4.1.2.7, RFC 8017 appendix A.1.1 */
export function parsePublicKey(file: Uint8Array): PublicKey {
  if (file.length > limits.keyFileBytes) {
    throw new InputError(
      'INPUT_TOO_LARGE',
      `public key: ${file.length} bytes, at most ${limits.keyFileBytes} are read`,
    );
  }
  if (file[0] === DER_SEQUENCE) {
    return importSpki(file);
  }
  const { label, bytes } = parsePem(file);
  if (label === 'PUBLIC KEY') {
    return importSpki(bytes);
  }
  if (label === 'RSA PUBLIC KEY') {
    return importPkcs1(bytes);
  }
  if (label.endsWith('PRIVATE KEY')) {
    throw new InputError('KEY_IS_PRIVATE', `expected a public key, found a PEM block ${label}`);
  }
  throw new InputError('KEY_MALFORMED', `expected a public key, found a PEM block ${label}`);
}

/** Reads a key that is known to be DER: a SubjectPublicKeyInfo, or an RSAPublicKey (`pkcs1`).
 *  Throws KEY_MALFORMED, KEY_UNSUPPORTED, KEY_WEAK. */
export function parsePublicKeyDer(der: Uint8Array, encoding: 'spki' | 'pkcs1'): PublicKey {
  return encoding === 'spki' ? importSpki(der) : importPkcs1(der);
}

/** Takes a key that node:crypto holds already. Throws KEY_UNSUPPORTED, KEY_WEAK. */
export function publicKeyOf(keyObject: KeyObject): PublicKey {
  const spki = new Uint8Array(keyObject.export({ type: 'spki', format: 'der' }));
  return keyOf(pointKeyOf(spki)?.algorithm ?? rsaAlgorithmOf(keyObject, spki), keyObject, spki);
}

/** The PEM that cosign writes. */
export function publicKeyPemOf(key: PublicKey): string {
  return encodePem({ label: 'PUBLIC KEY', bytes: key.spki });
}

/** The hint by which bundles name a key: base64 of SHA-256 of the SubjectPublicKeyInfo. */
export function publicKeyHintOf(key: PublicKey): string {
  return base64Of(parseHex(key.fingerprint));
}

function importSpki(der: Uint8Array): PublicKey {
  const point = pointKeyOf(der);
  if (point !== undefined) {
    // Writing a key out again, to compare, takes longer than reading it.
    return keyOf(point.algorithm, pointKeyObjectOf(point, der), new Uint8Array(der));
  }
  const key = publicKeyOf(decoded({ key: der as Buffer, format: 'der', type: 'spki' }));
  return requireCanonical(key, key.spki, der);
}

function importPkcs1(der: Uint8Array): PublicKey {
  // By way of the other form: Node 24 cannot write PKCS#1 from a key that it read as PKCS#1.
  const key = importSpki(publicKeyOf(decoded({ key: der as Buffer, format: 'der', type: 'pkcs1' })).spki);
  return requireCanonical(key, key.keyObject.export({ type: 'pkcs1', format: 'der' }), der);
}

/** Coordinates are read in half the time: of DER, OpenSSL has to find out what it holds. */
function pointKeyObjectOf({ curve, start, spkiBytes }: PointKey, der: Uint8Array): KeyObject {
  if (curve === undefined) return decoded({ key: der as Buffer, format: 'der', type: 'spki' });
  const middle = (start.length + spkiBytes) / 2;
  const x = base64UrlOf(der.subarray(start.length, middle));
  return decoded({ key: { kty: 'EC', crv: curve, x, y: base64UrlOf(der.subarray(middle)) }, format: 'jwk' });
}

function decoded(input: PublicKeyInput | JsonWebKeyInput): KeyObject {
  try {
    return createPublicKey(input);
  } catch (cause) {
    throw new InputError('KEY_MALFORMED', 'the public key cannot be decoded', { cause });
  }
}

/** One key, one encoding: trailing bytes, odd lengths and other spellings would give one key several fingerprints. */
function requireCanonical(key: PublicKey, canonical: Uint8Array, given: Uint8Array): PublicKey {
  if (!isSameBytes(canonical, given)) {
    throw new InputError('KEY_MALFORMED', 'the public key is not in canonical DER');
  }
  return key;
}

function pointKeyOf(spki: Uint8Array): PointKey | undefined {
  return POINT_KEYS.find(
    ({ start, spkiBytes }) => spki.length === spkiBytes && isSameBytes(spki.subarray(0, start.length), start),
  );
}

function rsaAlgorithmOf(keyObject: KeyObject, spki: Uint8Array): KeyAlgorithm {
  const type = keyObject.asymmetricKeyType ?? 'unknown';
  const { namedCurve, modulusLength = 0, publicExponent = 0n } = keyObject.asymmetricKeyDetails ?? {};
  if (type === 'rsa') {
    requireStrongRsa(modulusLength, publicExponent);
    return 'rsa';
  }
  const seen =
    type === 'ec'
      ? `an EC key on ${namedCurve ?? 'a curve without a name'}, ${spki.length} bytes`
      : `a key of type ${type}`;
  throw new InputError(
    'KEY_UNSUPPORTED',
    `expected ECDSA on P-256, P-384 or P-521 (uncompressed), Ed25519 or RSA, got ${seen}`,
  );
}

function keyOf(algorithm: KeyAlgorithm, keyObject: KeyObject, spki: Uint8Array): PublicKey {
  if (algorithm === 'ed25519' && isSmallOrderPoint(spki.subarray(-ED25519_POINT_BYTES))) {
    throw new InputError('KEY_WEAK', 'Ed25519 key of small order: it verifies signatures that nobody made');
  }
  return { algorithm, keyObject, spki, fingerprint: sha256HexOf(spki) };
}

function requireStrongRsa(bits: number, exponent: bigint): void {
  if (bits < rsaBits.least) {
    throw new InputError('KEY_WEAK', `RSA key of ${bits} bits, at least ${rsaBits.least} are needed`);
  }
  if (bits > rsaBits.most || bits % 8 !== 0) {
    throw new InputError(
      'KEY_UNSUPPORTED',
      `RSA key of ${bits} bits, expected whole bytes and at most ${rsaBits.most}`,
    );
  }
  if (exponent < RSA_EXPONENT.least || exponent >= RSA_EXPONENT.below || exponent % 2n === 0n) {
    throw new InputError(
      'KEY_WEAK',
      `RSA public exponent ${exponent}, expected an odd number from 65537 to below 2^31`,
    );
  }
}
