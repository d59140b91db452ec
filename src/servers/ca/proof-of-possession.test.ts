import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';

import { createCertificateRequest } from '../../../test/support/certificate-request.ts';
import { oid, sequence } from '../../../test/support/der-writer.ts';
import { hasCode } from '../../../test/support/error-code.ts';
import { createVirtualKey, pemOf, signBytes } from '../../../test/support/virtual-sigstore/virtual-key.ts';
import type { KeyKind, SchemeName, VirtualKey } from '../../../test/support/virtual-sigstore/virtual-key.ts';
import { utf8Of } from '../../base/bytes.ts';
import type { ErrorCode } from '../../base/catalogue.ts';
import type { RequestedKey } from '../../formats/fulcio/signing-request.ts';
import { requirePossession } from './proof-of-possession.ts';

const subjects = ['dev@example.test', 'subject-of-dev'];

function proven(key: VirtualKey, subject: string, scheme?: SchemeName): RequestedKey {
  return { kind: 'public-key', publicKey: key.spki, proof: signBytes(key, Buffer.from(subject), scheme) };
}

const kinds: readonly KeyKind[] = ['p256', 'p384', 'p521', 'rsa-2048', 'rsa-3072', 'rsa-4096', 'ed25519'];

test('a key of each kind proves itself by signing any of the subjects', () => {
  for (const kind of kinds) {
    const key = createVirtualKey(kind);
    for (const subject of subjects) {
      assert.deepEqual(Buffer.from(requirePossession(proven(key, subject), subjects).spki), key.spki, kind);
    }
  }
});

test('a key on P-384 may sign with SHA-256, as Countersign signs', () => {
  requirePossession(proven(createVirtualKey('p384'), 'dev@example.test', 'ecdsa-sha256'), subjects);
});

test('a key in PEM is the same key', () => {
  const key = createVirtualKey();
  const publicKey = utf8Of(pemOf('PUBLIC KEY', key.spki));
  const { proof } = proven(key, 'dev@example.test') as Extract<RequestedKey, { kind: 'public-key' }>;
  assert.ok(requirePossession({ kind: 'public-key', publicKey, proof }, subjects));
});

test('a certificate signing request of each kind proves its own key', () => {
  for (const kind of kinds) {
    const key = createVirtualKey(kind);
    const request = createCertificateRequest(key);
    assert.deepEqual(Buffer.from(requirePossession({ kind: 'request', request }, subjects).spki), key.spki, kind);
  }
});

test('what does not prove the key is refused', () => {
  const key = createVirtualKey();
  const other = createVirtualKey();
  const of = (proof: Uint8Array): RequestedKey => ({ kind: 'public-key', publicKey: key.spki, proof });
  const good = signBytes(key, Buffer.from('dev@example.test'));
  const ed25519 = createVirtualKey('ed25519');
  const p384 = createVirtualKey('p384');
  const refused: Readonly<Record<string, RequestedKey>> = {
    'another subject': proven(key, 'eve@example.test'),
    'an empty subject': proven(key, ''),
    'the beginning of a subject': proven(key, 'dev@example.tes'),
    'another key': of(signBytes(other, Buffer.from('dev@example.test'))),
    'a signature cut off': of(good.subarray(0, -1)),
    'a byte after the signature': of(Buffer.concat([good, Buffer.of(0)])),
    'no signature': of(Buffer.of(1)),
    'Ed25519ph, which Fulcio refuses': proven(ed25519, 'dev@example.test', 'ed25519ph'),
    'a request of another key': { kind: 'request', request: createCertificateRequest(key, { signingKey: other }) },
    'a request with another scheme than it was signed by': {
      kind: 'request',
      request: createCertificateRequest(p384, { algorithm: sequence(oid('1.2.840.10045.4.3.2')) }),
    },
  };
  for (const [why, requested] of Object.entries(refused)) {
    assert.throws(() => requirePossession(requested, subjects), hasCode('PROOF_INVALID'), why);
  }
  assert.throws(() => requirePossession(proven(key, 'dev@example.test'), []), hasCode('PROOF_INVALID'));
});

const spkiOf = (jwk: object): Buffer =>
  createPublicKey({ key: jwk as never, format: 'jwk' }).export({ type: 'spki', format: 'der' });

test('weak, foreign and malformed keys are refused, alone and in a request', () => {
  const rsa = createVirtualKey('rsa-2048').privateKey.export({ format: 'jwk' });
  const good = createVirtualKey();
  const generated = (curve: string): Buffer =>
    generateKeyPairSync('ec', { namedCurve: curve }).publicKey.export({ type: 'spki', format: 'der' });
  const keys: readonly (readonly [ErrorCode, string, Uint8Array])[] = [
    [
      'KEY_WEAK',
      'RSA of 1024 bits',
      generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ type: 'spki', format: 'der' }),
    ],
    ['KEY_WEAK', 'a small exponent', spkiOf({ kty: 'RSA', n: rsa.n, e: 'Aw' })],
    ['KEY_WEAK', 'an even exponent', spkiOf({ kty: 'RSA', n: rsa.n, e: 'AQAC' })],
    ['KEY_UNSUPPORTED', 'a curve of Bitcoin', generated('secp256k1')],
    ['KEY_UNSUPPORTED', 'P-224', generated('secp224r1')],
    ['KEY_MALFORMED', 'cut off', good.spki.subarray(0, -1)],
    [
      'KEY_MALFORMED',
      'a point that is not on the curve',
      Buffer.concat([good.spki.subarray(0, -1), Buffer.of(good.spki[90]! ^ 1)]),
    ],
    [
      'KEY_UNSUPPORTED',
      'a key that only agrees',
      generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'der' }),
    ],
  ];
  for (const [code, why, spki] of keys) {
    const alone: RequestedKey = { kind: 'public-key', publicKey: spki, proof: Uint8Array.of(1) };
    assert.throws(() => requirePossession(alone, subjects), hasCode(code), why);
    const request = createCertificateRequest(good, { spki });
    // There the key is cut off together with the request around it.
    const inRequest = why === 'cut off' ? 'CSR_MALFORMED' : code;
    assert.throws(
      () => requirePossession({ kind: 'request', request }, subjects),
      hasCode(inRequest),
      `${why}, in a request`,
    );
  }
  const secret = utf8Of(good.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  assert.throws(
    () => requirePossession({ kind: 'public-key', publicKey: secret, proof: Uint8Array.of(1) }, subjects),
    hasCode('KEY_IS_PRIVATE'),
  );
  assert.throws(
    () => requirePossession({ kind: 'request', request: utf8Of('request') }, subjects),
    hasCode('PEM_MALFORMED'),
  );
});
