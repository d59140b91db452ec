import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { utf8Of } from '../../base/bytes.ts';
import type { ErrorCode } from '../../base/catalogue.ts';
import { createKeyPair } from '../../crypto/private-key.ts';
import { publicKeyPemOf } from '../../crypto/public-key.ts';
import { parseLegacySigningRequest, parseSigningRequest } from './signing-request.ts';
import type { RequestedKey, SigningRequest } from './signing-request.ts';

const { publicKey } = createKeyPair('ecdsa-p256');
const pem = publicKeyPemOf(publicKey);
const proof = Uint8Array.of(0xfb, 0xff, 1);
const csr = utf8Of('-----BEGIN CERTIFICATE REQUEST-----');

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const read = (document: unknown): SigningRequest => parseSigningRequest(utf8Of(JSON.stringify(document)));
const readLegacy = (document: unknown): SigningRequest => parseLegacySigningRequest(utf8Of(JSON.stringify(document)));
const byPem: RequestedKey = { kind: 'public-key', publicKey: utf8Of(pem), proof };
const byDer: RequestedKey = { kind: 'public-key', publicKey: publicKey.spki, proof };

test('a request of the second version is read as sigstore-js and as sigstore-go send it', () => {
  const publicKeyRequest = { publicKey: { algorithm: 'ECDSA', content: pem }, proofOfPossession: base64(proof) };
  assert.deepEqual(read({ credentials: { oidcIdentityToken: 'a.b.c' }, publicKeyRequest }), {
    token: 'a.b.c',
    key: byPem,
  });
  assert.deepEqual(read({ publicKeyRequest }), { token: undefined, key: byPem });
});

test('a certificate signing request is read as sigstore-python sends it', () => {
  assert.deepEqual(read({ certificateSigningRequest: base64(csr) }), {
    token: undefined,
    key: { kind: 'request', request: csr },
  });
});

test('other spellings mean the same: snake case, other base64, DER, unknown and empty members', () => {
  assert.deepEqual(
    read({
      credentials: { oidc_identity_token: 'a.b.c' },
      public_key_request: {
        public_key: { content: base64(publicKey.spki), future: 1 },
        proof_of_possession: '-_8B',
      },
      certificate_signing_request: '',
    }),
    { token: 'a.b.c', key: byDer },
  );
  assert.deepEqual(
    read({ credentials: { oidcIdentityToken: '' }, certificateSigningRequest: base64(csr) }).token,
    undefined,
  );
});

test('a request of the first version is read: its key is base64 of PEM or DER', () => {
  const signedEmailAddress = base64(proof);
  assert.deepEqual(
    readLegacy({
      publicKey: { content: base64(utf8Of(pem)), algorithm: 'ecdsa' },
      signedEmailAddress,
      certificateSigningRequest: null,
    }),
    { token: undefined, key: byPem },
  );
  assert.deepEqual(readLegacy({ publicKey: { content: base64(publicKey.spki) }, signedEmailAddress }).key, byDer);
  assert.deepEqual(readLegacy({ publicKey: { content: '' }, certificateSigningRequest: base64(csr) }).key, {
    kind: 'request',
    request: csr,
  });
});

test('what does not say which key, or does not prove it, is refused', () => {
  const refusals: readonly (readonly [ErrorCode, unknown])[] = [
    ['PROOF_MISSING', {}],
    ['PROOF_MISSING', { publicKeyRequest: { publicKey: { content: pem } } }],
    ['PROOF_MISSING', { publicKeyRequest: { proofOfPossession: base64(proof) } }],
    ['PROOF_MISSING', { publicKeyRequest: { publicKey: {}, proofOfPossession: base64(proof) } }],
    [
      'PROOF_MISSING',
      {
        publicKeyRequest: { publicKey: { content: pem }, proofOfPossession: base64(proof) },
        certificateSigningRequest: base64(csr),
      },
    ],
    ['BASE64_MALFORMED', { publicKeyRequest: { publicKey: { content: pem }, proofOfPossession: 'a b' } }],
    ['BASE64_MALFORMED', { publicKeyRequest: { publicKey: { content: 'no key' }, proofOfPossession: base64(proof) } }],
    ['JSON_SHAPE', { publicKeyRequest: 'key' }],
    ['JSON_SHAPE', { credentials: { oidcIdentityToken: 1 } }],
    ['JSON_SHAPE', []],
  ];
  for (const [code, document] of refusals) {
    assert.throws(() => read(document), hasCode(code), JSON.stringify(document));
  }
  assert.throws(() => readLegacy({ publicKey: null }), hasCode('PROOF_MISSING'));
  assert.throws(() => readLegacy({ publicKey: { content: 'a b' } }), hasCode('BASE64_MALFORMED'));
  assert.throws(() => parseSigningRequest(utf8Of('{"a":1,"a":1}')), hasCode('JSON_MALFORMED'));
  assert.throws(() => parseSigningRequest(utf8Of('{')), hasCode('JSON_MALFORMED'));
  assert.throws(() => parseSigningRequest(Uint8Array.of(0xff)), hasCode('TEXT_NOT_UTF8'));
  assert.throws(() => parseSigningRequest(new Uint8Array(256 * 1024 + 1)), hasCode('INPUT_TOO_LARGE'));
});
