/** Several private keys under one password: one scrypt opens them all, and each is sealed by itself, so that some can be
 *  taken out without it. AES-256-GCM binds each key to its name: nobody can exchange one for another in the file.
 *  @source RFC 7914 (scrypt), NIST SP 800-38D (GCM) */

import { createCipheriv, createDecipheriv, createPrivateKey, createPublicKey, randomBytes, scrypt } from 'node:crypto';

import { base64Of, concatBytes, parseBase64, utf8Of } from '../base/bytes.ts';
import { decodeDocument, decodeLiteral, decodeMap, decodeObject, decodeString } from '../base/decode.ts';
import type { Decoder } from '../base/decode.ts';
import { InputError } from '../base/errors.ts';
import { parseJson } from '../base/json.ts';
import { limits } from '../base/limits.ts';
import type { PrivateKey } from './private-key.ts';
import { publicKeyOf } from './public-key.ts';

export type KeyRing = ReadonlyMap<string, PrivateKey>;

const WHAT = 'key ring';
const CIPHER = 'aes-256-gcm';
/** About 0.2 seconds and 64 MiB. A file that asks for another cost was not made here. */
const COST = { N: 65_536, r: 8, p: 1 } as const;
const MAX_MEMORY_BYTES = 160 * 1024 * 1024;
const SALT_BYTES = 32;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const decodeBytes: Decoder<Uint8Array> = (value, path) => parseBase64(decodeString(value, path));
const decodeRing = decodeObject({
  kdf: decodeObject({
    name: decodeLiteral('scrypt'),
    N: decodeLiteral(COST.N),
    r: decodeLiteral(COST.r),
    p: decodeLiteral(COST.p),
    salt: decodeBytes,
  }),
  cipher: decodeLiteral(CIPHER),
  keys: decodeMap(decodeBytes),
});

/** Seals the keys; returns JSON. */
export async function sealKeyRing(ring: KeyRing, password: Uint8Array): Promise<Uint8Array> {
  const salt = randomBytes(SALT_BYTES);
  const secret = await stretch(password, salt);
  const keys = Array.from(ring, ([name, key]) => [name, base64Of(sealed(secret, name, key))]);
  secret.fill(0);
  return encoded({
    kdf: { name: 'scrypt', ...COST, salt: base64Of(salt) },
    cipher: CIPHER,
    keys: Object.fromEntries(keys),
  });
}

/** Opens all keys. Throws KEY_PASSWORD_WRONG, KEY_MALFORMED, JSON_MALFORMED, JSON_SHAPE, BASE64_MALFORMED. */
export async function openKeyRing(ring: Uint8Array, password: Uint8Array): Promise<KeyRing> {
  const { kdf, keys } = parseRing(ring);
  const secret = await stretch(password, kdf.salt);
  try {
    return new Map(Object.entries(keys).map(([name, box]) => [name, opened(secret, name, box)]));
  } finally {
    secret.fill(0);
  }
}

/** The names of the keys, and the ring without some of them: for neither a password is needed. Throws as openKeyRing. */
export function namesInKeyRing(ring: Uint8Array): readonly string[] {
  return Object.keys(parseRing(ring).keys);
}

export function keyRingWithout(ring: Uint8Array, names: readonly string[]): Uint8Array {
  const { kdf, cipher, keys } = parseRing(ring);
  const kept = Object.entries(keys).filter(([name]) => !names.includes(name));
  return encoded({
    kdf: { ...kdf, salt: base64Of(kdf.salt) },
    cipher,
    keys: Object.fromEntries(kept.map(([name, box]) => [name, base64Of(box)])),
  });
}

function parseRing(bytes: Uint8Array): ReturnType<typeof decodeRing> {
  return decodeDocument(parseJson(bytes, { what: WHAT, maxBytes: limits.keyFileBytes }), decodeRing, WHAT);
}

function encoded(document: object): Uint8Array {
  return utf8Of(`${JSON.stringify(document, undefined, 2)}\n`);
}

function sealed(secret: Uint8Array, name: string, { keyObject }: PrivateKey): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, secret, nonce).setAAD(utf8Of(name));
  const pkcs8 = keyObject.export({ type: 'pkcs8', format: 'der' });
  const ciphertext = concatBytes([cipher.update(pkcs8), cipher.final()]);
  pkcs8.fill(0);
  return concatBytes([nonce, ciphertext, cipher.getAuthTag()]);
}

function opened(secret: Uint8Array, name: string, box: Uint8Array): PrivateKey {
  if (box.length <= NONCE_BYTES + TAG_BYTES) {
    throw new InputError('KEY_MALFORMED', `${WHAT}: the key ${JSON.stringify(name)} is cut off`);
  }
  const decipher = createDecipheriv(CIPHER, secret, box.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(utf8Of(name))
    .setAuthTag(box.subarray(-TAG_BYTES));
  try {
    const pkcs8 = Buffer.concat([decipher.update(box.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    const keyObject = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
    pkcs8.fill(0);
    return { keyObject, publicKey: publicKeyOf(createPublicKey(keyObject)) };
  } catch {
    throw new InputError('KEY_PASSWORD_WRONG', `${WHAT}: the password does not open the key ${JSON.stringify(name)}`);
  }
}

function stretch(password: Uint8Array, salt: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, KEY_BYTES, { ...COST, maxmem: MAX_MEMORY_BYTES }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
