/** Private keys in files: cosign's encrypted boxes and the usual PEM forms. */

import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { utf8Of } from '../base/bytes.ts';
import { InputError } from '../base/errors.ts';
import type { KeyAlgorithm } from './key-algorithm.ts';
import { keyBoxLabels, openKeyBox, sealKeyBox } from './key-box.ts';
import { encodePem, parsePem, parsePemBlocks } from './pem.ts';
import type { PemBlock } from './pem.ts';
import { publicKeyOf } from './public-key.ts';
import type { PublicKey } from './public-key.ts';

export interface PrivateKey {
  /** Holds the secret; never printed, exported only to be sealed. */
  readonly keyObject: KeyObject;
  readonly publicKey: PublicKey;
}

/** Asked only when the key turns out to be encrypted. */
export type PasswordSource = () => Promise<Uint8Array>;

const PLAIN_TYPES: Readonly<Record<string, 'pkcs8' | 'sec1' | 'pkcs1'>> = {
  'PRIVATE KEY': 'pkcs8',
  'EC PRIVATE KEY': 'sec1',
  'RSA PRIVATE KEY': 'pkcs1',
};
const [WRITTEN_LABEL] = keyBoxLabels;

/** Reads one PEM block: cosign's encrypted key of any generation, PKCS#8 plain or encrypted, SEC1 or PKCS#1.
 *  Throws KEY_MALFORMED, KEY_IS_PUBLIC, KEY_PASSWORD_WRONG, KEY_UNSUPPORTED, KEY_WEAK, PEM_MALFORMED, INPUT_TOO_LARGE. */
export async function parsePrivateKey(pem: Uint8Array, password: PasswordSource): Promise<PrivateKey> {
  const { label, bytes } = keyBlockOf(pem);
  if ((keyBoxLabels as readonly string[]).includes(label)) {
    const der = await openKeyBox(bytes, await password());
    try {
      return importPrivateKey(der, 'pkcs8');
    } finally {
      der.fill(0);
    }
  }
  if (label === 'ENCRYPTED PRIVATE KEY') {
    return importPrivateKey(bytes, 'pkcs8', await password());
  }
  const type = PLAIN_TYPES[label];
  if (type !== undefined) {
    return importPrivateKey(bytes, type);
  }
  if (label.endsWith('PUBLIC KEY')) {
    throw new InputError('KEY_IS_PUBLIC', `expected a private key, found a PEM block ${label}`);
  }
  throw new InputError('KEY_MALFORMED', `expected a private key, found a PEM block ${label}`);
}

/** `openssl ecparam -genkey` writes the curve before the key, which names it as well. */
function keyBlockOf(pem: Uint8Array): PemBlock {
  const [first, second, ...more] = parsePemBlocks(pem);
  const isPair = first?.label === 'EC PARAMETERS' && second?.label === 'EC PRIVATE KEY' && more.length === 0;
  return isPair ? second : parsePem(pem);
}

/** The encrypted key file that cosign writes and reads, PEM. */
export async function encodePrivateKey(key: PrivateKey, password: Uint8Array): Promise<Uint8Array> {
  const der = key.keyObject.export({ type: 'pkcs8', format: 'der' });
  try {
    return utf8Of(encodePem({ label: WRITTEN_LABEL, bytes: await sealKeyBox(der, password) }));
  } finally {
    der.fill(0);
  }
}

/** Makes a new key pair; RSA has 3072 bits. */
export function createKeyPair(algorithm: KeyAlgorithm): PrivateKey {
  return privateKeyOf(generate[algorithm]());
}

const generate: Readonly<Record<KeyAlgorithm, () => KeyObject>> = {
  'ecdsa-p256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  'ecdsa-p384': () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
  'ecdsa-p521': () => generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey,
  ed25519: () => generateKeyPairSync('ed25519').privateKey,
  rsa: () => generateKeyPairSync('rsa', { modulusLength: 3072 }).privateKey,
};

function importPrivateKey(der: Uint8Array, type: 'pkcs8' | 'sec1' | 'pkcs1', passphrase?: Uint8Array): PrivateKey {
  try {
    const key = der as Buffer;
    return privateKeyOf(
      createPrivateKey({
        key,
        format: 'der',
        type,
        ...(passphrase === undefined ? {} : { passphrase: passphrase as Buffer }),
      }),
    );
  } catch (cause) {
    if (cause instanceof InputError) {
      throw cause;
    }
    // OpenSSL tells a wrong password and a broken file apart only by chance; the cause is not kept: it may quote input.
    throw passphrase === undefined
      ? new InputError('KEY_MALFORMED', 'the private key cannot be decoded')
      : new InputError('KEY_PASSWORD_WRONG', 'the password does not open this private key');
  }
}

function privateKeyOf(keyObject: KeyObject): PrivateKey {
  return { keyObject, publicKey: publicKeyOf(createPublicKey(keyObject)) };
}
