import assert from 'node:assert/strict';
import type { JsonWebKey } from 'node:crypto';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import fc from 'fast-check';

import { hasCode } from '../../../../test/support/error-code.ts';
import { reply } from '../../../../test/support/scripted-server.ts';
import { createTestRuntime } from '../../../../test/support/test-runtime.ts';
import {
  claimsOf,
  createTokenKey,
  discoveryPath,
  keysPath,
  partOf,
  signToken,
  signWithSecret,
  startTokenIssuer,
} from '../../../../test/support/token-issuer.ts';
import type { TokenIssuer, TokenKey } from '../../../../test/support/token-issuer.ts';
import { CountersignError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import type { JsonValue } from '../../../base/json.ts';
import type { IdentifyToken } from '../principal.ts';
import { openIdentities } from './identify-token.ts';
import { parseIssuerConfiguration } from './issuer-configuration.ts';
import { parseToken } from './token.ts';

const rsa = createTokenKey('RS256');

interface World {
  readonly issuer: TokenIssuer;
  readonly identify: IdentifyToken;
  /** Sets the clock forward. */
  readonly pass: (ms: number) => void;
}

async function openWorld(t: TestContext, keys: readonly TokenKey[] = [rsa]): Promise<World> {
  const issuer = await startTokenIssuer(t, keys);
  const { request } = createTestRuntime(t);
  let ahead = 0;
  const { identify } = openIdentities({
    configuration: configurationFor(issuer.url),
    request,
    now: () => new Date(Date.now() + ahead),
  });
  return {
    issuer,
    identify,
    pass: (ms) => {
      ahead += ms;
    },
  };
}

function configurationFor(url: string): ReturnType<typeof parseIssuerConfiguration> {
  return parseIssuerConfiguration(`oidc-issuers:\n  ${url}:\n    client-id: sigstore\n    type: email\n`);
}

test('a good token says who its bearer is, and the issuer is asked once', async (t) => {
  const { issuer, identify } = await openWorld(t);
  const token = signToken(rsa, claimsOf(issuer.url));
  const [principal] = await Promise.all([identify(token), identify(token), identify(token)]);
  assert.deepEqual(principal, {
    name: { kind: 'email', value: 'ada@example.com' },
    extensions: new Map([
      [1, issuer.url],
      [8, issuer.url],
      [24, 'subject-1'],
    ]),
    proofSubjects: ['ada@example.com', 'subject-1'],
    issuer: issuer.url,
    issuerType: 'email',
  });
  assert.deepEqual(issuer.server.asked(), [`GET ${discoveryPath}`, `GET ${keysPath}`]);
});

for (const algorithm of ['RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']) {
  test(`tokens signed by ${algorithm} are believed`, async (t) => {
    const key = createTokenKey(algorithm);
    const { issuer, identify } = await openWorld(t, [key]);
    assert.equal((await identify(signToken(key, claimsOf(issuer.url)))).name.value, 'ada@example.com');
  });
}

test('a token that names no key is tried with all of them', async (t) => {
  const [other, own] = [createTokenKey('RS256', 'other'), createTokenKey('ES256', 'own')];
  const { issuer, identify } = await openWorld(t, [other, rsa, own]);
  const token = signToken(own, claimsOf(issuer.url), { alg: 'ES256' });
  assert.equal((await identify(token)).name.value, 'ada@example.com');
});

test('tokens that nobody of the issuer signed are refused', async (t) => {
  const { issuer, identify } = await openWorld(t);
  const claims = claimsOf(issuer.url);
  const stranger = createTokenKey('RS256');
  const good = signToken(rsa, claims);
  const publicPem = rsa.publicKey.export({ format: 'pem', type: 'spki' }).toString();
  const strangersHeader = {
    alg: 'RS256',
    kid: 'key-1',
    jku: 'http://127.0.0.1:1/',
    jwk: stranger.jwk,
    x5u: 'http://127.0.0.1:1/',
  };
  const forged: Readonly<Record<string, string>> = {
    'a stranger’s key under the known name': signToken(stranger, claims),
    'a name that leads elsewhere': signToken(stranger, claims, { alg: 'RS256', kid: '../../etc/passwd' }),
    'a key in the header, and addresses of keys': signToken(stranger, claims, strangersHeader),
    'the name of another key under a good signature': signToken(rsa, claims, { alg: 'RS256', kid: 'key-2' }),
    'no algorithm': `${partOf({ alg: 'none' })}.${partOf(claims)}.`,
    'no algorithm, and a signature': `${partOf({ alg: 'None' })}.${partOf(claims)}.${good.split('.')[2]}`,
    'the public key as a shared secret': signWithSecret(publicPem, claims, 'key-1'),
    'the public modulus as a shared secret': signWithSecret(rsa.jwk['n'] ?? '', claims, 'key-1'),
    'other claims under a good signature': `${good.split('.')[0]}.${partOf(claimsOf(issuer.url, { email: 'eve@example.com' }))}.${good.split('.')[2]}`,
    'a signature cut short': good.slice(0, -8),
    'another algorithm than the signature’s': signToken(rsa, claims, { alg: 'PS256', kid: 'key-1' }),
    'an empty signature': good.slice(0, good.lastIndexOf('.') + 1),
  };
  for (const [what, token] of Object.entries(forged)) {
    await assert.rejects(identify(token), hasCode('TOKEN_SIGNATURE'), what);
  }
  await assert.rejects(identify(forged['no algorithm'] ?? ''), /by the algorithm "none"; accepted are RS256/);
  assert.ok(issuer.server.asked().every((asked) => [`GET ${discoveryPath}`, `GET ${keysPath}`].includes(asked)));
});

test('keys for other purposes, shared secrets and short keys sign no tokens', async (t) => {
  const { issuer, identify } = await openWorld(t);
  const secret = { kty: 'oct', kid: 'secret', k: Buffer.from('secret').toString('base64url') };
  const short = createTokenKey('ES256', 'short');
  const lists: readonly (readonly JsonWebKey[])[] = [
    [{ ...rsa.jwk, use: 'enc' }, short.jwk],
    [{ ...rsa.jwk, alg: 'PS256' }],
    [{ ...rsa.jwk, key_ops: ['encrypt'] }, short.jwk],
    [{ ...rsa.jwk, n: 'AQAB' }],
    [{ kty: 'RSA', kid: 'key-1' }],
    [secret, short.jwk],
  ];
  for (const keys of lists) {
    const { identify: fresh } = openIdentities({
      configuration: configurationFor(issuer.url),
      request: createTestRuntime(t).request,
      now: () => new Date(),
    });
    issuer.keys = keys;
    await assert.rejects(fresh(signToken(rsa, claimsOf(issuer.url))), hasCode('TOKEN_SIGNATURE'), JSON.stringify(keys));
    await assert.rejects(fresh(signWithSecret('secret', claimsOf(issuer.url), 'secret')), hasCode('TOKEN_SIGNATURE'));
  }
  await assert.rejects(identify(signToken(rsa, claimsOf(issuer.url))), hasCode('TOKEN_SIGNATURE'));
});

test('a token for somebody else is refused, and told for whom it is', async (t) => {
  const { issuer, identify } = await openWorld(t);
  for (const aud of [undefined, '', 'other', 'Sigstore', ['a', 'b'], [], [['sigstore']], { sigstore: true }, 7]) {
    const token = signToken(rsa, claimsOf(issuer.url, { aud }));
    await assert.rejects(identify(token), hasCode('TOKEN_AUDIENCE'), JSON.stringify(aud));
  }
  const token = signToken(rsa, claimsOf(issuer.url, { aud: ['a', 'b'] }));
  await assert.rejects(identify(token), /meant for "a", "b"; expected "sigstore"/);
  const several = signToken(rsa, claimsOf(issuer.url, { aud: ['a', 'sigstore'] }));
  assert.equal((await identify(several)).name.value, 'ada@example.com');
  assert.equal(issuer.server.seen.length, 2, 'no keys are fetched for the others');
});

test('a token is refused after its time, before it, and without one', async (t) => {
  const { issuer, identify } = await openWorld(t);
  const now = Math.floor(Date.now() / 1000);
  const skew = limits.clockSkewMs / 1000;
  const wrong = [{ exp: now - 34 }, { exp: undefined }, { nbf: now + skew + 60 }, { iat: now + skew + 60 }, { exp: 0 }];
  for (const claims of wrong) {
    const token = signToken(rsa, claimsOf(issuer.url, claims));
    await assert.rejects(identify(token), hasCode('TOKEN_EXPIRED'), JSON.stringify(claims));
  }
  await assert.rejects(
    identify(signToken(rsa, claimsOf(issuer.url, { exp: now - 34 }))),
    /expired 3[45] s ago .*the clock here says 20/,
  );
  for (const claims of [{ exp: 'tomorrow' }, { nbf: null }, { iat: -1 }]) {
    const token = signToken(rsa, claimsOf(issuer.url, claims));
    await assert.rejects(identify(token), hasCode('TOKEN_MALFORMED'), JSON.stringify(claims));
  }
  const early = signToken(rsa, claimsOf(issuer.url, { nbf: now + 60, iat: undefined }));
  assert.equal((await identify(early)).name.value, 'ada@example.com', 'clocks differ a little');
});

test('a token of another issuer is refused, asks nobody, and is told who is configured', async (t) => {
  const { issuer, identify } = await openWorld(t);
  for (const iss of [
    `${issuer.url}/`,
    issuer.url.replace('http', 'HTTP'),
    'https://accounts.example',
    `${issuer.url}#`,
  ]) {
    const token = signToken(rsa, claimsOf(iss));
    await assert.rejects(identify(token), hasCode('TOKEN_ISSUER_UNKNOWN'), iss);
  }
  const hostile = signToken(rsa, claimsOf('https://evil/\u001b[31m\u202e'));
  await assert.rejects(identify(hostile), (error) => {
    assert.ok(error instanceof CountersignError);
    assert.match(error.message, new RegExp(`is not configured; configured are ${issuer.url}$`));
    assert.ok(!/[\u0000-\u001f\u202e]/.test(error.message));
    return true;
  });
  assert.deepEqual(issuer.server.seen, []);
});

test('what is not three parts of strict JSON is malformed, and stays out of the error', async (t) => {
  const { issuer, identify } = await openWorld(t);
  const good = signToken(rsa, claimsOf(issuer.url));
  const [header = '', body = '', signature = ''] = good.split('.');
  const twice = `{"iss":"${issuer.url}","aud":"other","aud":"sigstore","exp":9999999999}`;
  const broken: readonly string[] = [
    '',
    'secret-token',
    `${header}.${body}`,
    `${good}.${signature}`,
    '.'.repeat(30_000),
    'a'.repeat(limits.identityTokenCharacters + 1),
    ` ${good}`,
    `${good}\n`,
    `${header}=.${body}.${signature}`,
    `${partOf('{"alg":"RS256","alg":"none"}')}.${body}.${signature}`,
    `${partOf('["RS256"]')}.${body}.${signature}`,
    `${partOf({ kid: 'key-1' })}.${body}.${signature}`,
    `${partOf({ alg: 'RS256', kid: 7 })}.${body}.${signature}`,
    `${partOf({ alg: 'RS256', crit: ['b64'], b64: false })}.${body}.${signature}`,
    signToken(rsa, twice),
    signToken(rsa, '{"secret-claim'),
    signToken(rsa, 'null'),
    signToken(rsa, { sub: 'secret-claim' }),
    signToken(rsa, `{"iss":"${issuer.url}","x":${'['.repeat(500)}${']'.repeat(500)}}`),
  ];
  for (const token of broken) {
    await assert.rejects(identify(token), (error) => {
      assert.ok(hasCode('TOKEN_MALFORMED')(error), token.slice(0, 100));
      assert.ok(!String((error as Error).stack).includes('secret'), 'neither the token nor its claims are repeated');
      assert.equal((error as Error).cause, undefined);
      return true;
    });
  }
});

test('no text is read as a token by accident, and none fails in another way', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\w-]{0,40}\.[\w-]{0,40}\.[\w-]{0,40}$/)), (text) => {
      assert.throws(() => parseToken(text), hasCode('TOKEN_MALFORMED'));
    }),
  );
});

test('a new key of the issuer is found, and bad tokens do not make the issuer be asked over and over', async (t) => {
  const { issuer, identify, pass } = await openWorld(t);
  await identify(signToken(rsa, claimsOf(issuer.url)));
  const next = createTokenKey('ES256', 'key-2');
  const token = signToken(next, claimsOf(issuer.url));
  for (let at = 0; at < 20; at += 1) await assert.rejects(identify(token), hasCode('TOKEN_SIGNATURE'));
  assert.equal(issuer.server.seen.length, 2, 'within the pause nobody is asked');
  issuer.keys = [next.jwk];
  pass(limits.issuerPauseMs);
  assert.equal((await identify(token)).name.value, 'ada@example.com');
  assert.equal(issuer.server.seen.length, 4);
  await assert.rejects(identify(signToken(rsa, claimsOf(issuer.url))), hasCode('TOKEN_SIGNATURE'));
});

test('a withdrawn key counts until the keys are old, and an issuer that is down then is unknown, not rejected', async (t) => {
  const { issuer, identify, pass } = await openWorld(t);
  const later = (): string => signToken(rsa, claimsOf(issuer.url, { exp: Math.floor(Date.now() / 1000) + 7200 }));
  await identify(later());
  issuer.keys = [createTokenKey('ES256').jwk];
  pass(limits.issuerKeysMs - 1000);
  await identify(later());
  pass(1000);
  await assert.rejects(identify(later()), hasCode('TOKEN_SIGNATURE'));
  issuer.scripts.set(keysPath, (_, response) => reply(response, 500));
  pass(limits.issuerKeysMs);
  const before = issuer.server.seen.length;
  for (let at = 0; at < 5; at += 1) await assert.rejects(identify(later()), hasCode('TOKEN_ISSUER_UNREACHABLE'));
  assert.equal(issuer.server.seen.length, before + 2, 'a failure is remembered for the pause');
  issuer.keys = [rsa.jwk];
  issuer.scripts.clear();
  pass(limits.issuerPauseMs);
  await identify(later());
});

test('keys from the future are old: the clock was set back', async (t) => {
  const { issuer, identify, pass } = await openWorld(t);
  const token = signToken(rsa, claimsOf(issuer.url, { iat: undefined }));
  await identify(token);
  pass(-3_600_000);
  await identify(token);
  assert.equal(issuer.server.seen.length, 4);
});

test('an issuer in this process is never asked', async () => {
  const url = 'http://127.0.0.1:1/oidc';
  const { identify } = openIdentities({
    configuration: configurationFor(url),
    request: async () => assert.fail('the network was used'),
    now: () => new Date(),
    localKeys: new Map([[url, { keys: [rsa.jwk] } as unknown as JsonValue]]),
  });
  assert.equal((await identify(signToken(rsa, claimsOf(url)))).issuer, url);
  await assert.rejects(identify(signToken(createTokenKey('RS256'), claimsOf(url))), hasCode('TOKEN_SIGNATURE'));
});
