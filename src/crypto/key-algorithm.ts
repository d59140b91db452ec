/** The one table of key algorithms: which keys are accepted and by which schemes each may sign.
 *  Verification tries the schemes in order: the key's natural hash, then what older signers used. Countersign signs with
 *  SHA-256 and pure Ed25519, because that is what stock readers verify without flags. */

import { constants } from 'node:crypto';

import type { HashName } from './hash.ts';

export type KeyAlgorithm = 'ecdsa-p256' | 'ecdsa-p384' | 'ecdsa-p521' | 'ed25519' | 'rsa';

export interface Scheme {
  /** For people and reports: "ECDSA P-256 with SHA-256". */
  readonly name: string;
  /** `ed25519` hashes by itself, `ed25519ph` prehashes with SHA-512. */
  readonly kind: 'ecdsa' | 'rsa-pkcs1' | 'rsa-pss' | 'ed25519' | 'ed25519ph';
  /** What the message is hashed with; undefined when the signature covers the message itself. */
  readonly hash: HashName | undefined;
}

interface AlgorithmRow {
  readonly verifying: readonly Scheme[];
  readonly signing: Scheme;
}

export const rsaBits = { least: 2048, most: 4096 } as const;

const ecdsa = (curve: string, hash: HashName): Scheme => ({
  name: `ECDSA ${curve} with ${titleOf[hash]}`,
  kind: 'ecdsa',
  hash,
});
const titleOf = { sha256: 'SHA-256', sha384: 'SHA-384', sha512: 'SHA-512' } as const;

const ed25519: Scheme = { name: 'Ed25519', kind: 'ed25519', hash: undefined };
const ed25519ph: Scheme = { name: 'Ed25519ph', kind: 'ed25519ph', hash: 'sha512' };
const rsaPkcs1: Scheme = { name: 'RSA PKCS#1 v1.5 with SHA-256', kind: 'rsa-pkcs1', hash: 'sha256' };
const rsaPss: Scheme = { name: 'RSA-PSS with SHA-256', kind: 'rsa-pss', hash: 'sha256' };

const algorithms: Readonly<Record<KeyAlgorithm, AlgorithmRow>> = {
  'ecdsa-p256': { verifying: [ecdsa('P-256', 'sha256')], signing: ecdsa('P-256', 'sha256') },
  'ecdsa-p384': { verifying: [ecdsa('P-384', 'sha384'), ecdsa('P-384', 'sha256')], signing: ecdsa('P-384', 'sha256') },
  'ecdsa-p521': { verifying: [ecdsa('P-521', 'sha512'), ecdsa('P-521', 'sha256')], signing: ecdsa('P-521', 'sha256') },
  ed25519: { verifying: [ed25519, ed25519ph], signing: ed25519 },
  rsa: { verifying: [rsaPkcs1, rsaPss], signing: rsaPkcs1 },
};

/** The schemes by which a key of this algorithm may have signed, in the order to try them. */
export function verifyingSchemesOf(algorithm: KeyAlgorithm): readonly Scheme[] {
  return algorithms[algorithm].verifying;
}

/** The scheme by which Countersign signs with such a key. */
export function signingSchemeOf(algorithm: KeyAlgorithm): Scheme {
  return algorithms[algorithm].signing;
}

/** What node:crypto wants besides the key. RSA-PSS salts of any length are read: signers choose the longest. */
export function paddingOf(scheme: Scheme): { readonly padding: number; readonly saltLength?: number } | undefined {
  if (scheme.kind === 'rsa-pkcs1') {
    return { padding: constants.RSA_PKCS1_PADDING };
  }
  return scheme.kind === 'rsa-pss'
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO }
    : undefined;
}
