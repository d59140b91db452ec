/** Cosign's encrypted private keys: scrypt and NaCl's secretbox around PKCS#8, as JSON inside a PEM block.
 *  @source github.com/sigstore/cosign pkg/cosign/keys.go, go-securesystemslib encrypted */

import { randomBytes, scrypt } from 'node:crypto';

import { base64Of, parseBase64, utf8Of } from '../base/bytes.ts';
import { decodeCount, decodeDocument, decodeLiteral, decodeObject, decodeString } from '../base/decode.ts';
import type { Decoder } from '../base/decode.ts';
import { InputError } from '../base/errors.ts';
import { parseJson } from '../base/json.ts';
import { limits } from '../base/limits.ts';

/** What cosign has written since 2.0 and what version 1 wrote: both are read, the first is written. */
export const keyBoxLabels = ['ENCRYPTED SIGSTORE PRIVATE KEY', 'ENCRYPTED COSIGN PRIVATE KEY'] as const;

/** Cost of opening, by generation: version 1, today's, and the next. Nothing else, or a key file could ask for any
 *  amount of memory and time. */
const READABLE_N: readonly number[] = [32_768, 65_536, 131_072];
const WRITTEN_N = 65_536;
const SALT_BYTES = 32;
const NONCE_BYTES = 24;
const KEY_BYTES = 32;
/** scrypt needs 128 * N * r bytes: 128 MiB for the largest, and a little for itself. */
const MAX_MEMORY_BYTES = 160 * 1024 * 1024;

const decodeBytes: Decoder<Uint8Array> = (value, path) => parseBase64(decodeString(value, path));
const decodeBox = decodeObject({
  kdf: decodeObject({
    name: decodeLiteral('scrypt'),
    params: decodeObject({ N: decodeCount, r: decodeLiteral(8), p: decodeLiteral(1) }),
    salt: decodeBytes,
  }),
  cipher: decodeObject({ name: decodeLiteral('nacl/secretbox'), nonce: decodeBytes }),
  ciphertext: decodeBytes,
});

/** Opens the JSON of a key box; returns PKCS#8 DER, which the caller wipes after use. scrypt runs beside the event loop.
 *  Throws KEY_PASSWORD_WRONG, KEY_UNSUPPORTED (cost), JSON_MALFORMED, JSON_SHAPE, BASE64_MALFORMED, KEY_MALFORMED. */
export async function openKeyBox(body: Uint8Array, password: Uint8Array): Promise<Uint8Array> {
  const document = parseJson(body, { what: 'encrypted private key', maxBytes: limits.keyFileBytes });
  const { kdf, cipher, ciphertext } = decodeDocument(document, decodeBox, 'encrypted private key');
  if (!READABLE_N.includes(kdf.params.N)) {
    throw new InputError(
      'KEY_UNSUPPORTED',
      `encrypted private key: scrypt N is ${kdf.params.N}, expected ${READABLE_N.join(', ')}`,
    );
  }
  if (cipher.nonce.length !== NONCE_BYTES) {
    throw new InputError(
      'KEY_MALFORMED',
      `encrypted private key: the nonce has ${cipher.nonce.length} bytes, expected ${NONCE_BYTES}`,
    );
  }
  // The cipher is loaded while scrypt is at work.
  const [key, { xsalsa20poly1305 }] = await Promise.all([
    stretch(password, kdf.salt, kdf.params.N),
    import('@noble/ciphers/salsa.js'),
  ]);
  try {
    return xsalsa20poly1305(key, cipher.nonce).decrypt(ciphertext);
  } catch {
    throw new InputError('KEY_PASSWORD_WRONG', 'the password does not open this private key');
  } finally {
    key.fill(0);
  }
}

/** Locks PKCS#8 DER under a password (an empty one is legal); returns the JSON, byte for byte in cosign's layout. */
export async function sealKeyBox(pkcs8: Uint8Array, password: Uint8Array): Promise<Uint8Array> {
  const salt = randomBytes(SALT_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const [key, { xsalsa20poly1305 }] = await Promise.all([
    stretch(password, salt, WRITTEN_N),
    import('@noble/ciphers/salsa.js'),
  ]);
  const ciphertext = xsalsa20poly1305(key, nonce).encrypt(pkcs8);
  key.fill(0);
  const box = {
    kdf: { name: 'scrypt', params: { N: WRITTEN_N, r: 8, p: 1 }, salt: base64Of(salt) },
    cipher: { name: 'nacl/secretbox', nonce: base64Of(nonce) },
    ciphertext: base64Of(ciphertext),
  };
  return utf8Of(JSON.stringify(box));
}

async function stretch(password: Uint8Array, salt: Uint8Array, N: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, KEY_BYTES, { N, r: 8, p: 1, maxmem: MAX_MEMORY_BYTES }, (error, key) => {
      if (error === null) {
        resolve(key);
      } else {
        reject(error);
      }
    });
  });
}
