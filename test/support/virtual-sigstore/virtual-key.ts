/** Keys of the virtual Sigstore, and how they sign. */

import { constants, createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { ed25519ph } from '@noble/curves/ed25519.js';

import { nullValue, oid, sequence } from '../der-writer.ts';

export type HashName = 'sha256' | 'sha384' | 'sha512';

export type KeyKind = 'p256' | 'p384' | 'p521' | 'rsa-2048' | 'rsa-3072' | 'rsa-4096' | 'ed25519';

/** How a key signs; by default each key signs by the first scheme of its kind. */
export type SchemeName =
  | 'ecdsa-sha256'
  | 'ecdsa-sha384'
  | 'ecdsa-sha512'
  | 'rsa-pkcs1-sha256'
  | 'rsa-pss-sha256'
  | 'ed25519'
  | 'ed25519ph';

export interface VirtualKey {
  readonly kind: KeyKind;
  readonly privateKey: KeyObject;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
}

const CURVES = { p256: 'prime256v1', p384: 'secp384r1', p521: 'secp521r1' } as const;

const NATURAL_SCHEMES: Readonly<Record<KeyKind, SchemeName>> = {
  p256: 'ecdsa-sha256',
  p384: 'ecdsa-sha384',
  p521: 'ecdsa-sha512',
  'rsa-2048': 'rsa-pkcs1-sha256',
  'rsa-3072': 'rsa-pkcs1-sha256',
  'rsa-4096': 'rsa-pkcs1-sha256',
  ed25519: 'ed25519',
};

const SCHEME_HASHES: Readonly<Record<SchemeName, HashName>> = {
  'ecdsa-sha256': 'sha256',
  'ecdsa-sha384': 'sha384',
  'ecdsa-sha512': 'sha512',
  'rsa-pkcs1-sha256': 'sha256',
  'rsa-pss-sha256': 'sha256',
  ed25519: 'sha512',
  ed25519ph: 'sha512',
};

const SIGNATURE_OIDS: Readonly<Partial<Record<SchemeName, string>>> = {
  'ecdsa-sha256': '1.2.840.10045.4.3.2',
  'ecdsa-sha384': '1.2.840.10045.4.3.3',
  'ecdsa-sha512': '1.2.840.10045.4.3.4',
  'rsa-pkcs1-sha256': '1.2.840.113549.1.1.11',
  ed25519: '1.3.101.112',
};

export function createVirtualKey(kind: KeyKind = 'p256'): VirtualKey {
  const { publicKey, privateKey } = generate(kind);
  return { kind, privateKey, spki: publicKey.export({ type: 'spki', format: 'der' }) };
}

export function naturalSchemeOf(key: VirtualKey): SchemeName {
  return NATURAL_SCHEMES[key.kind];
}

/** The hash inside the scheme; Ed25519 hashes with SHA-512 by itself. */
export function hashNameOf(scheme: SchemeName): HashName {
  return SCHEME_HASHES[scheme];
}

export function signBytes(key: VirtualKey, message: Uint8Array, scheme: SchemeName = naturalSchemeOf(key)): Buffer {
  const { privateKey } = key;
  switch (scheme) {
    case 'ed25519':
      return sign(null, message, privateKey);
    case 'ed25519ph':
      return Buffer.from(
        ed25519ph.sign(message, Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url')),
      );
    case 'rsa-pss-sha256':
      return sign('sha256', message, { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
    default:
      return sign(hashNameOf(scheme), message, privateKey);
  }
}

/** The protocol buffer name of key and scheme: "PKIX_ECDSA_P256_SHA_256". */
export function keyDetailsOf(key: VirtualKey, scheme: SchemeName = naturalSchemeOf(key)): string {
  const [family = '', size = ''] = key.kind.split('-');
  if (family === 'ed25519') {
    return scheme === 'ed25519ph' ? 'PKIX_ED25519_PH' : 'PKIX_ED25519';
  }
  if (family === 'rsa') {
    return `PKIX_RSA_${scheme === 'rsa-pss-sha256' ? 'PSS' : 'PKCS1V15'}_${size}_SHA256`;
  }
  return `PKIX_ECDSA_${family.toUpperCase()}_SHA_${hashNameOf(scheme).slice(3)}`;
}

/** AlgorithmIdentifier of the key's own scheme. */
export function signatureAlgorithmOf(key: VirtualKey): Buffer {
  const scheme = naturalSchemeOf(key);
  const identifier = oid(SIGNATURE_OIDS[scheme] ?? '');
  return scheme.startsWith('rsa') ? sequence(identifier, nullValue()) : sequence(identifier);
}

export function digestOf(hash: HashName, ...parts: readonly Uint8Array[]): Buffer {
  return createHash(hash).update(Buffer.concat(parts)).digest();
}

export function pemOf(label: 'CERTIFICATE' | 'PUBLIC KEY', bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

function generate(kind: KeyKind): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  switch (kind) {
    case 'ed25519':
      return generateKeyPairSync('ed25519');
    case 'p256':
    case 'p384':
    case 'p521':
      return generateKeyPairSync('ec', { namedCurve: CURVES[kind] });
    default:
      return generateKeyPairSync('rsa', { modulusLength: Number(kind.slice('rsa-'.length)) });
  }
}
