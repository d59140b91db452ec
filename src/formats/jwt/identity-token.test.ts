import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { hasCode } from '../../../test/support/error-code.ts';
import type { ErrorCode } from '../../base/catalogue.ts';
import { CountersignError } from '../../base/errors.ts';
import { isTokenText, parseIdentityToken, proofSubjectOf } from './identity-token.ts';

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const claims = { iss: 'https://issuer.example', sub: 'me', aud: 'sigstore', exp: 1_800_000_000 };
const tokenOf = (changes: object = {}, header: unknown = { alg: 'ES256' }): string =>
  `${part(header)}.${part({ ...claims, ...changes })}.c2ln`;

test('the claims that signing needs are read, whatever else there is', () => {
  const { text, ...read } = parseIdentityToken(tokenOf({ more: { a: [1] }, nonce: 'n' }));
  assert.equal(text, tokenOf({ more: { a: [1] }, nonce: 'n' }));
  assert.deepEqual(read, {
    issuer: 'https://issuer.example',
    federatedIssuer: undefined,
    subject: 'me',
    email: undefined,
    audiences: ['sigstore'],
    expires: new Date(1_800_000_000_000),
    nonce: 'n',
  });
  assert.deepEqual(parseIdentityToken(tokenOf({ aud: ['a', 'sigstore'] })).audiences, ['a', 'sigstore']);
  const federated = { federated_claims: { connector_id: 'https://github.com/login/oauth', user_id: '1' } };
  assert.equal(parseIdentityToken(tokenOf(federated)).federatedIssuer, 'https://github.com/login/oauth');
});

test('an address counts where the issuer verified it; then it is what the proof of possession signs', () => {
  for (const email_verified of [true, 'true']) {
    const token = parseIdentityToken(tokenOf({ email: 'dev@example.test', email_verified }));
    assert.equal(proofSubjectOf(token), 'dev@example.test');
  }
  assert.equal(proofSubjectOf(parseIdentityToken(tokenOf())), 'me');
  for (const email_verified of [undefined, false, 'false', 1]) {
    const text = tokenOf({ email: 'dev@example.test', email_verified });
    assert.throws(() => parseIdentityToken(text), hasCode('TOKEN_CLAIMS'));
  }
});

test('what is no signed token, or lacks a claim, is refused', () => {
  const cases: readonly (readonly [string, ErrorCode])[] = [
    ['', 'TOKEN_MALFORMED'],
    ['a.b', 'TOKEN_MALFORMED'],
    ['a.b.c.d', 'TOKEN_MALFORMED'],
    [`${tokenOf()}=`, 'TOKEN_MALFORMED'],
    [tokenOf().replace(/c2ln$/, ''), 'TOKEN_MALFORMED'],
    [tokenOf({}, { alg: 'none' }), 'TOKEN_MALFORMED'],
    [tokenOf({}, { alg: 'NONE' }), 'TOKEN_MALFORMED'],
    [tokenOf({}, {}), 'TOKEN_CLAIMS'],
    [tokenOf({}, []), 'TOKEN_CLAIMS'],
    [`${part({ alg: 'ES256' })}.${Buffer.from('{"iss":1').toString('base64url')}.c2ln`, 'TOKEN_MALFORMED'],
    [`${part({ alg: 'ES256' })}.${Buffer.from('{"a":1,"a":2}').toString('base64url')}.c2ln`, 'TOKEN_MALFORMED'],
    [tokenOf({ x: 'x'.repeat(70_000) }), 'TOKEN_MALFORMED'],
    [tokenOf({ iss: undefined }), 'TOKEN_CLAIMS'],
    [tokenOf({ sub: 1 }), 'TOKEN_CLAIMS'],
    [tokenOf({ aud: { a: 1 } }), 'TOKEN_CLAIMS'],
    [tokenOf({ exp: '1800000000' }), 'TOKEN_CLAIMS'],
    [tokenOf({ exp: -1 }), 'TOKEN_CLAIMS'],
  ];
  for (const [text, code] of cases) assert.throws(() => parseIdentityToken(text), hasCode(code), text.slice(0, 80));
});

test('no error repeats a piece of the token', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 12, unit: 'binary-ascii' }),
      fc.constantFrom('iss', 'sub', 'aud', 'exp'),
      (secret, name) => {
        const text = tokenOf({ [name]: { secret }, jti: secret });
        try {
          parseIdentityToken(text);
          assert.fail();
        } catch (error) {
          assert.ok(error instanceof CountersignError && error.cause === undefined);
          const shown = JSON.stringify([error.message, error.details]);
          assert.ok(!shown.includes(JSON.stringify(secret).slice(1, -1)) && !shown.includes('eyJ'), shown);
        }
      },
    ),
  );
});

test('a token is told from the name of a file', () => {
  assert.ok(isTokenText(tokenOf()));
  for (const name of ['token', './token.jwt', 'a.b.c', 'eyJ.txt', '/run/secrets/eyJ.a.b', ''])
    assert.ok(!isTokenText(name), name);
});
