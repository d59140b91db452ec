/** The one table of key algorithms: which keys are accepted and by which schemes each may sign.
 *  Verification tries the schemes in order: the key's natural hash, then what older signers used. Countersign signs with
 *  SHA-256 and pure Ed25519, because that is what stock readers verify without flags. */

import { constants } from 'node:crypto';

import type { HashName } from './hash.ts';

export type KeyAlgorithm = 'ecdsa-p256' | 'ecdsa-p384' | 'ecdsa-p521' | 'ed25519' | 'rsa';

export interface Scheme {
  /** For people and reports: "ECDSA P-256 with SHA-256". */
  readonly name: string;
  /** The keys that sign by it. */
  readonly algorithm: KeyAlgorithm;
  /** `ed25519` hashes by itself, `ed25519ph` prehashes with SHA-512. */
  readonly kind: 'ecdsa' | 'rsa-pkcs1' | 'rsa-pss' | 'ed25519' | 'ed25519ph';
  /** What the message is hashed with; undefined when the signature covers the message itself. */
  readonly hash: HashName | undefined;
  /** Of RSA-PSS, where it is stated; otherwise any. */
  readonly saltBytes?: number;
}

interface AlgorithmRow {
  readonly verifying: readonly Scheme[];
  readonly signing: Scheme;
}

export const rsaBits = { least: 2048, most: 4096 } as const;

const byHash = (algorithm: KeyAlgorithm, kind: Scheme['kind'], name: string): Readonly<Record<HashName, Scheme>> => ({
  sha256: { name: `${name} with SHA-256`, algorithm, kind, hash: 'sha256' },
  sha384: { name: `${name} with SHA-384`, algorithm, kind, hash: 'sha384' },
  sha512: { name: `${name} with SHA-512`, algorithm, kind, hash: 'sha512' },
});
const ed25519: Scheme = { name: 'Ed25519', algorithm: 'ed25519', kind: 'ed25519', hash: undefined };
const ed25519ph: Scheme = { name: 'Ed25519ph', algorithm: 'ed25519', kind: 'ed25519ph', hash: 'sha512' };

/** Every scheme that can be named: by certificates, timestamps and logs, which each name the one they use. */
export const schemes = {
  'ecdsa-p256': byHash('ecdsa-p256', 'ecdsa', 'ECDSA P-256'),
  'ecdsa-p384': byHash('ecdsa-p384', 'ecdsa', 'ECDSA P-384'),
  'ecdsa-p521': byHash('ecdsa-p521', 'ecdsa', 'ECDSA P-521'),
  'rsa-pkcs1': byHash('rsa', 'rsa-pkcs1', 'RSA PKCS#1 v1.5'),
  'rsa-pss': byHash('rsa', 'rsa-pss', 'RSA-PSS'),
  ed25519,
  ed25519ph,
} as const;

const { 'ecdsa-p256': p256, 'ecdsa-p384': p384, 'ecdsa-p521': p521, 'rsa-pkcs1': pkcs1, 'rsa-pss': pss } = schemes;

const algorithms: Readonly<Record<KeyAlgorithm, AlgorithmRow>> = {
  'ecdsa-p256': { verifying: [p256.sha256], signing: p256.sha256 },
  'ecdsa-p384': { verifying: [p384.sha384, p384.sha256], signing: p384.sha256 },
  'ecdsa-p521': { verifying: [p521.sha512, p521.sha256], signing: p521.sha256 },
  ed25519: { verifying: [ed25519, ed25519ph], signing: ed25519 },
  rsa: { verifying: [pkcs1.sha256, pss.sha256], signing: pkcs1.sha256 },
};

/** The schemes by which a key of this algorithm may have signed an artifact, in the order to try them. */
export function verifyingSchemesOf(algorithm: KeyAlgorithm): readonly Scheme[] {
  return algorithms[algorithm].verifying;
}

/** The scheme by which Countersign signs with such a key. */
export function signingSchemeOf(algorithm: KeyAlgorithm): Scheme {
  return algorithms[algorithm].signing;
}

/** What node:crypto wants besides the key. RSA-PSS salts of any length are read where none is stated: signers choose the
 *  longest. */
export function paddingOf(scheme: Scheme): { readonly padding: number; readonly saltLength?: number } | undefined {
  if (scheme.kind === 'rsa-pkcs1') {
    return { padding: constants.RSA_PKCS1_PADDING };
  }
  return scheme.kind === 'rsa-pss'
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: scheme.saltBytes ?? constants.RSA_PSS_SALTLEN_AUTO }
    : undefined;
}
