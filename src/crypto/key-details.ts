/** What a trusted root says about a key: how it is encoded, and the one scheme by which it signs.
 *  @source sigstore/protobuf-specs protos/sigstore_common.proto, PublicKeyDetails */

import { InputError } from '../base/errors.ts';
import { schemes } from './key-algorithm.ts';
import type { KeyAlgorithm, Scheme } from './key-algorithm.ts';
import type { PublicKey } from './public-key.ts';

export interface KeyDetails {
  readonly scheme: Scheme;
  /** `pkcs1`: an RSAPublicKey; otherwise a SubjectPublicKeyInfo. */
  readonly encoding: 'spki' | 'pkcs1';
  /** Bits that an RSA key must have, where the name says it. */
  readonly rsaBits?: number;
}

const { 'ecdsa-p256': p256, 'ecdsa-p384': p384, 'ecdsa-p521': p521, 'rsa-pkcs1': pkcs1, 'rsa-pss': pss } = schemes;

const spki = (scheme: Scheme): KeyDetails => ({ scheme, encoding: 'spki' });
const rsa = (scheme: Scheme, rsaBits: number): KeyDetails => ({ scheme, encoding: 'spki', rsaBits });

const table: Readonly<Record<string, KeyDetails>> = {
  PKIX_ECDSA_P256_SHA_256: spki(p256.sha256),
  PKIX_ECDSA_P384_SHA_384: spki(p384.sha384),
  PKIX_ECDSA_P521_SHA_512: spki(p521.sha512),
  PKIX_ED25519: spki(schemes.ed25519),
  PKIX_ED25519_PH: spki(schemes.ed25519ph),
  PKIX_RSA_PKCS1V15_2048_SHA256: rsa(pkcs1.sha256, 2048),
  PKIX_RSA_PKCS1V15_3072_SHA256: rsa(pkcs1.sha256, 3072),
  PKIX_RSA_PKCS1V15_4096_SHA256: rsa(pkcs1.sha256, 4096),
  PKIX_RSA_PSS_2048_SHA256: rsa(pss.sha256, 2048),
  PKIX_RSA_PSS_3072_SHA256: rsa(pss.sha256, 3072),
  PKIX_RSA_PSS_4096_SHA256: rsa(pss.sha256, 4096),
  // Deprecated, and still in use.
  PKIX_ECDSA_P384_SHA_256: spki(p384.sha256),
  PKIX_ECDSA_P521_SHA_256: spki(p521.sha256),
  PKIX_RSA_PKCS1V5: spki(pkcs1.sha256),
  PKIX_RSA_PSS: spki(pss.sha256),
  PKCS1_RSA_PKCS1V5: { scheme: pkcs1.sha256, encoding: 'pkcs1' },
  PKCS1_RSA_PSS: { scheme: pss.sha256, encoding: 'pkcs1' },
};

/** Reads a name such as "PKIX_ECDSA_P256_SHA_256". Throws KEY_UNSUPPORTED. */
export function schemeOfKeyDetails(name: string): KeyDetails {
  const details = Object.hasOwn(table, name) ? table[name] : undefined;
  if (details === undefined) {
    throw new InputError('KEY_UNSUPPORTED', `no kind of key that is read: ${JSON.stringify(name.slice(0, 80))}`);
  }
  return details;
}

const NAMES: Readonly<Partial<Record<KeyAlgorithm, string>>> = {
  'ecdsa-p256': 'PKIX_ECDSA_P256_SHA_256',
  'ecdsa-p384': 'PKIX_ECDSA_P384_SHA_384',
  'ecdsa-p521': 'PKIX_ECDSA_P521_SHA_512',
  ed25519: 'PKIX_ED25519',
};

/** The name for a log that signs with this key, encoded as SubjectPublicKeyInfo: RSA by PKCS#1 v1.5, others by the hash
 *  of their curve. Throws KEY_UNSUPPORTED for an RSA key whose size has no name. */
export function keyDetailsOf(key: PublicKey): string {
  const name = NAMES[key.algorithm] ?? `PKIX_RSA_PKCS1V15_${key.keyObject.asymmetricKeyDetails?.modulusLength}_SHA256`;
  schemeOfKeyDetails(name);
  return name;
}
