import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { test } from 'node:test';

import { ED25519_TORSION_SUBGROUP } from '@noble/curves/ed25519.js';

import { hasCode } from '../../test/support/error-code.ts';
import { readVector, vectorPublicKey } from '../../test/support/vectors.ts';
import { concatBytes, parseHex, parseUtf8, utf8Of } from '../base/bytes.ts';
import { encodePem } from './pem.ts';
import { parsePublicKey, publicKeyHintOf, publicKeyPemOf } from './public-key.ts';
import type { PublicKey } from './public-key.ts';

const names = ['cosign-2', 'cosign-3', 'skopeo', 'p384', 'p521', 'rsa2048', 'rsa4096', 'ed25519'];

test('the public keys of the real tools are read, and written back byte for byte', () => {
  for (const name of names) {
    const key = vectorPublicKey(name);
    assert.equal(publicKeyPemOf(key), parseUtf8(readVector(`keys/${name}.pub`)), name);
    assert.equal(parsePublicKey(key.spki).fingerprint, key.fingerprint, `${name} in DER`);
  }
  assert.deepEqual(
    names.map((name) => vectorPublicKey(name).algorithm),
    ['ecdsa-p256', 'ecdsa-p256', 'ecdsa-p256', 'ecdsa-p384', 'ecdsa-p521', 'rsa', 'rsa', 'ed25519'],
  );
});

test('the hint is the one that cosign stores in its bundles', () => {
  const bundle = JSON.parse(parseUtf8(readVector('images/bundle.json'))) as {
    verificationMaterial: { publicKey: { hint: string } };
  };
  assert.equal(publicKeyHintOf(vectorPublicKey('cosign-3')), bundle.verificationMaterial.publicKey.hint);
});

test('an RSA key in PKCS#1 is the same key as in SubjectPublicKeyInfo, and has one encoding too', () => {
  const key = vectorPublicKey('rsa2048');
  const bytes = new Uint8Array(key.keyObject.export({ type: 'pkcs1', format: 'der' }));
  const parse = (der: Uint8Array): PublicKey =>
    parsePublicKey(utf8Of(encodePem({ label: 'RSA PUBLIC KEY', bytes: der })));
  assert.equal(parse(bytes).fingerprint, key.fingerprint);
  assert.throws(() => parse(concatBytes([bytes, new Uint8Array(1)])), hasCode('KEY_MALFORMED'));
  assert.throws(() => parse(bytes.subarray(0, -1)), hasCode('KEY_MALFORMED'));
});

test('weak and unusual keys are refused', () => {
  const rsa = (modulusLength: number, publicExponent = 65_537): KeyObject =>
    generateKeyPairSync('rsa', { modulusLength, publicExponent }).publicKey;
  const cases: readonly (readonly [KeyObject, 'KEY_WEAK' | 'KEY_UNSUPPORTED'])[] = [
    [rsa(1024), 'KEY_WEAK'],
    [rsa(2048, 3), 'KEY_WEAK'],
    [rsa(2052), 'KEY_UNSUPPORTED'],
    [generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey, 'KEY_UNSUPPORTED'],
    [generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey, 'KEY_UNSUPPORTED'],
    [generateKeyPairSync('ec', { namedCurve: 'P-224' }).publicKey, 'KEY_UNSUPPORTED'],
    [generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' }).publicKey, 'KEY_UNSUPPORTED'],
    [generateKeyPairSync('ed448').publicKey, 'KEY_UNSUPPORTED'],
    [generateKeyPairSync('x25519').publicKey, 'KEY_UNSUPPORTED'],
  ];
  for (const [key, code] of cases) {
    assert.throws(
      () => parsePublicKey(key.export({ type: 'spki', format: 'der' })),
      hasCode(code),
      `${key.asymmetricKeyType}`,
    );
  }
});

test('an Ed25519 key of small order is refused, reduced or not, whatever its sign', () => {
  const header = parseHex('302a300506032b6570032100');
  const unreduced = ['ed', 'ee'].map((first) => `${first}${'ff'.repeat(30)}7f`);
  assert.equal(ED25519_TORSION_SUBGROUP.length, 8);
  for (const hex of [
    ...ED25519_TORSION_SUBGROUP,
    ...unreduced,
    ...unreduced.map((each) => each.replace(/7f$/, 'ff')),
  ]) {
    assert.throws(() => parsePublicKey(concatBytes([header, parseHex(hex)])), hasCode('KEY_WEAK'), hex);
  }
});

test('an RSA key above 4096 bits is refused', () => {
  // Only the size matters: any odd number will do for a modulus that is never used.
  const n = new Uint8Array(520).fill(0xff);
  const jwk = { kty: 'RSA', e: 'AQAB', n: Buffer.from(n).toString('base64url') };
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  assert.throws(() => parsePublicKey(key.export({ type: 'spki', format: 'der' })), hasCode('KEY_UNSUPPORTED'));
});

test('one key has one encoding', () => {
  const { spki } = vectorPublicKey('cosign-2');
  assert.throws(
    () => parsePublicKey(concatBytes([spki, new Uint8Array(1)])),
    hasCode('KEY_MALFORMED'),
    'trailing byte',
  );
  const longLength = concatBytes([new Uint8Array([0x30, 0x81]), spki.subarray(1)]);
  assert.throws(() => parsePublicKey(longLength), hasCode('KEY_MALFORMED'), 'long length');
  const compressed = concatBytes([
    spki.subarray(0, 26),
    new Uint8Array([2 + ((spki.at(-1) ?? 0) & 1)]),
    spki.subarray(27, 59),
  ]);
  compressed.set([0x39], 1);
  compressed.set([0x22], 24);
  assert.equal(createPublicKey({ key: Buffer.from(compressed), format: 'der', type: 'spki' }).asymmetricKeyType, 'ec');
  assert.throws(() => parsePublicKey(compressed), hasCode('KEY_UNSUPPORTED'), 'compressed point');
});

test('a flipped bit makes another key or none, never the same one', () => {
  for (const name of names) {
    const { spki, fingerprint } = vectorPublicKey(name);
    for (let bit = 0; bit < spki.length * 8; bit += 1) {
      const changed = new Uint8Array(spki);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.notEqual(fingerprintOrNone(changed), fingerprint, `${name} bit ${bit}`);
    }
  }
});

test('what is not a public key is named', () => {
  const pem = (label: string): Uint8Array => utf8Of(encodePem({ label, bytes: new Uint8Array(30) }));
  assert.throws(() => parsePublicKey(readVector('keys/cosign-2.key')), hasCode('KEY_IS_PRIVATE'));
  assert.throws(() => parsePublicKey(readVector('keys/ed25519.pkcs8.pem')), hasCode('KEY_IS_PRIVATE'));
  assert.throws(() => parsePublicKey(pem('CERTIFICATE')), hasCode('KEY_MALFORMED'));
  assert.throws(() => parsePublicKey(pem('PUBLIC KEY')), hasCode('KEY_MALFORMED'));
  assert.throws(() => parsePublicKey(new Uint8Array(300 * 1024)), hasCode('INPUT_TOO_LARGE'));
});

function fingerprintOrNone(spki: Uint8Array): string | undefined {
  try {
    return parsePublicKey(spki).fingerprint;
  } catch {
    return undefined;
  }
}
