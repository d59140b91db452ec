import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes, scryptSync } from 'node:crypto';
import { test } from 'node:test';

import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';

import { hasCode } from '../../test/support/error-code.ts';
import { readVector, vectorPassword, vectorPrivateKey, vectorPublicKey } from '../../test/support/vectors.ts';
import { base64Of, concatBytes, parseUtf8, utf8Of } from '../base/bytes.ts';
import { openKeyBox } from './key-box.ts';
import { encodePem, parsePem } from './pem.ts';
import { createKeyPair, encodePrivateKey, parsePrivateKey } from './private-key.ts';

const password = async (): Promise<Uint8Array> => vectorPassword;
const neverAsked = async (): Promise<Uint8Array> => assert.fail('asked for a password');
const p256 = createKeyPair('ecdsa-p256');
const pkcs8 = p256.keyObject.export({ type: 'pkcs8', format: 'der' });

/** A key box of any cost, made with Node's own scrypt; `change` edits the JSON before it is written. */
function boxOf(N: number, change: (box: Box) => unknown = (box) => box): Uint8Array {
  const [salt, nonce] = [randomBytes(32), randomBytes(24)];
  const key = scryptSync(vectorPassword, salt, 32, { N, r: 8, p: 1, maxmem: 256 * N * 8 });
  const ciphertext = base64Of(xsalsa20poly1305(key, nonce).encrypt(pkcs8));
  const box = {
    kdf: { name: 'scrypt', params: { N, r: 8, p: 1 }, salt: base64Of(salt) },
    cipher: { name: 'nacl/secretbox', nonce: base64Of(nonce) },
    ciphertext,
  };
  return utf8Of(JSON.stringify(change(box)));
}
interface Box {
  readonly kdf: { readonly params: object };
  readonly cipher: object;
  readonly ciphertext: string;
}

test('the encrypted keys of the real tools open, and are the halves of their public keys', async () => {
  for (const name of ['cosign-2', 'cosign-3', 'skopeo', 'rsa4096']) {
    assert.equal((await vectorPrivateKey(name)).publicKey.fingerprint, vectorPublicKey(name).fingerprint, name);
  }
});

test('an empty password is a password', async () => {
  const key = await parsePrivateKey(readVector('keys/no-password.key'), async () => new Uint8Array());
  assert.equal(key.publicKey.fingerprint, vectorPublicKey('no-password').fingerprint);
});

test('plain and encrypted PEM of OpenSSL are read; plain ones ask for no password', async () => {
  const cases = {
    'p384.sec1': 'p384',
    'p521.sec1': 'p521',
    'rsa2048.pkcs1': 'rsa2048',
    'rsa4096.pkcs8': 'rsa4096',
    'ed25519.pkcs8': 'ed25519',
  };
  for (const [file, name] of Object.entries(cases)) {
    const key = await parsePrivateKey(readVector(`keys/${file}.pem`), neverAsked);
    assert.equal(key.publicKey.fingerprint, vectorPublicKey(name).fingerprint, file);
  }
  const encrypted = await parsePrivateKey(readVector('keys/p384.encrypted.pem'), password);
  assert.equal(encrypted.publicKey.fingerprint, vectorPublicKey('p384').fingerprint);
});

test('key boxes of every generation open, under both labels; any other cost is refused before it is paid', async () => {
  // The label of today with today's cost, and the old label with it, are among the keys of the real tools.
  for (const [N, label] of [
    [32_768, 'ENCRYPTED COSIGN PRIVATE KEY'],
    [131_072, 'ENCRYPTED SIGSTORE PRIVATE KEY'],
  ] as const) {
    const key = await parsePrivateKey(utf8Of(encodePem({ label, bytes: boxOf(N) })), password);
    assert.equal(key.publicKey.fingerprint, p256.publicKey.fingerprint, `${label} ${N}`);
  }
  for (const params of [
    { N: 16_384, r: 8, p: 1 },
    { N: 262_144, r: 8, p: 1 },
    { N: 2 ** 40, r: 8, p: 1 },
  ]) {
    await assert.rejects(
      openKeyBox(
        boxOf(1024, (box) => ({ ...box, kdf: { ...box.kdf, params } })),
        vectorPassword,
      ),
      hasCode('KEY_UNSUPPORTED'),
    );
  }
  for (const params of [
    { N: 65_536, r: 16, p: 1 },
    { N: 65_536, r: 8, p: 2 },
    { N: '65536', r: 8, p: 1 },
  ]) {
    await assert.rejects(
      openKeyBox(
        boxOf(1024, (box) => ({ ...box, kdf: { ...box.kdf, params } })),
        vectorPassword,
      ),
      hasCode('JSON_SHAPE'),
    );
  }
});

test('a key that is written reads back, in the layout that cosign writes', async () => {
  const key = createKeyPair('ed25519');
  const file = await encodePrivateKey(key, utf8Of('pässword'));
  assert.equal(
    (await parsePrivateKey(file, async () => utf8Of('pässword'))).publicKey.fingerprint,
    key.publicKey.fingerprint,
  );
  const shapeOf = (pem: Uint8Array): string =>
    parseUtf8(parsePem(pem).bytes).replaceAll(/"[A-Za-z0-9+/]{20,}=*"/g, '"…"');
  assert.equal(parsePem(file).label, parsePem(readVector('keys/cosign-3.key')).label);
  assert.equal(shapeOf(file), shapeOf(readVector('keys/cosign-3.key')));
});

test('a wrong password is one clear error, whatever form the key has', async () => {
  for (const name of ['cosign-2.key', 'skopeo.key', 'p384.encrypted.pem']) {
    await assert.rejects(
      parsePrivateKey(readVector(`keys/${name}`), async () => utf8Of('wrong')),
      hasCode('KEY_PASSWORD_WRONG'),
      name,
    );
  }
});

test('a changed box does not open', async () => {
  const flipped = (text: string): string => (text.startsWith('A') ? `B${text.slice(1)}` : `A${text.slice(1)}`);
  const edits: readonly (readonly [
    (box: Box) => unknown,
    'KEY_PASSWORD_WRONG' | 'KEY_MALFORMED' | 'JSON_SHAPE' | 'BASE64_MALFORMED',
  ])[] = [
    [(box) => ({ ...box, ciphertext: flipped(box.ciphertext) }), 'KEY_PASSWORD_WRONG'],
    [(box) => ({ ...box, ciphertext: '' }), 'KEY_PASSWORD_WRONG'],
    [(box) => ({ ...box, ciphertext: `${box.ciphertext}!` }), 'BASE64_MALFORMED'],
    [(box) => ({ ...box, kdf: { ...box.kdf, salt: base64Of(new Uint8Array(32)) } }), 'KEY_PASSWORD_WRONG'],
    [(box) => ({ ...box, cipher: { ...box.cipher, nonce: base64Of(new Uint8Array(23)) } }), 'KEY_MALFORMED'],
    [(box) => ({ ...box, cipher: { ...box.cipher, name: 'aes' } }), 'JSON_SHAPE'],
    [(box) => ({ ...box, kdf: { ...box.kdf, name: 'pbkdf2' } }), 'JSON_SHAPE'],
  ];
  for (const [change, code] of edits) {
    await assert.rejects(openKeyBox(boxOf(32_768, change), vectorPassword), hasCode(code), change.toString());
  }
});

test('what is not a private key is named, and weak ones are refused', async () => {
  const pem = (label: string, bytes: Uint8Array = new Uint8Array(30)): Uint8Array =>
    utf8Of(encodePem({ label, bytes }));
  await assert.rejects(parsePrivateKey(readVector('keys/cosign-2.pub'), neverAsked), hasCode('KEY_IS_PUBLIC'));
  await assert.rejects(parsePrivateKey(pem('OPENSSH PRIVATE KEY'), neverAsked), hasCode('KEY_MALFORMED'));
  await assert.rejects(parsePrivateKey(pem('PRIVATE KEY'), neverAsked), hasCode('KEY_MALFORMED'));
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'der' });
  await assert.rejects(parsePrivateKey(pem('PRIVATE KEY', weak), neverAsked), hasCode('KEY_WEAK'));
  await assert.rejects(parsePrivateKey(utf8Of('hello'), neverAsked), hasCode('PEM_MALFORMED'));
});

test('no error about a private key quotes its bytes or its password', async () => {
  const secret = 'correct-horse-battery';
  const inputs = [
    utf8Of(`-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----\n`),
    utf8Of(secret),
    concatBytes([pkcs8, utf8Of(secret)]),
    readVector('keys/skopeo.key'),
  ];
  for (const input of inputs) {
    const error: unknown = await parsePrivateKey(input, async () => utf8Of(secret)).catch((cause: unknown) => cause);
    assert.ok(error instanceof Error);
    assert.doesNotMatch(`${error.stack}\n${JSON.stringify(error)}`, new RegExp(secret));
  }
});

test('a curve written before the key, as openssl ecparam does, is passed over; any other company is refused', async () => {
  const key = readVector('keys/p384.sec1.pem');
  const curve = utf8Of('-----BEGIN EC PARAMETERS-----\nBgUrgQQAIg==\n-----END EC PARAMETERS-----\n');
  const { publicKey } = await parsePrivateKey(concatBytes([curve, key]), password);
  assert.equal(publicKey.fingerprint, (await parsePrivateKey(key, password)).publicKey.fingerprint);
  await assert.rejects(parsePrivateKey(concatBytes([key, curve]), password), hasCode('PEM_MALFORMED'));
});
