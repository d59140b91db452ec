import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { serveSigstore } from '../../../test/support/served-sigstore.ts';
import type { Misdeeds, ServedSigstore } from '../../../test/support/served-sigstore.ts';
import { createTestRuntime } from '../../../test/support/test-runtime.ts';
import { CountersignError } from '../../base/errors.ts';
import { parseIdentityToken } from '../../formats/jwt/identity-token.ts';
import { logInWithBrowser } from './browser-login.ts';
import type { BrowserLogin } from './browser-login.ts';
import { logInWithDevice } from './device-login.ts';
import { openIssuer } from './issuer.ts';
import type { OidcIssuer } from './issuer.ts';

const open = (t: TestContext, served: ServedSigstore): Promise<OidcIssuer> =>
  openIssuer(createTestRuntime(t), { issuer: new URL(served.issuer), clientId: 'sigstore' });

/** Logs in with a browser whose owner is logged in at the issuer. */
async function browserToken(t: TestContext, served: ServedSigstore, more: Partial<BrowserLogin> = {}): Promise<string> {
  return logInWithBrowser(createTestRuntime(t), await open(t, served), {
    issuerUrl: new URL(served.issuer),
    openBrowser: async (url) => {
      void served.browse(url);
      return true;
    },
    readCode: () => Promise.resolve(undefined),
    waitMs: 300,
    ...more,
  });
}

const deviceToken = async (t: TestContext, served: ServedSigstore): Promise<string> =>
  logInWithDevice(createTestRuntime(t), await open(t, served), {
    issuerUrl: new URL(served.issuer),
    show: () => undefined,
  });

test('a browser comes back with a code, which becomes a token for this login', async (t) => {
  const served = await serveSigstore(t);
  const asked: URL[] = [];
  const openBrowser = async (url: URL): Promise<boolean> => {
    asked.push(url);
    return (await served.browse(url)) === 200;
  };
  const token = parseIdentityToken(await browserToken(t, served, { openBrowser }));
  const query = asked[0]?.searchParams;
  assert.equal(token.email, 'dev@example.test');
  assert.equal(token.nonce, query?.get('nonce'));
  assert.equal(query?.get('code_challenge_method'), 'S256');
  assert.equal(query.get('scope'), 'openid email');
  assert.match(query.get('redirect_uri') ?? '', /^http:\/\/localhost:\d+\/auth\/callback$/);
  // What stays secret is not in the address that a browser, and its history, sees.
  assert.ok(!query.has('code_verifier') && !query.has('client_secret'));
});

test('the issuer is told the redirect address that was asked for', async (t) => {
  const served = await serveSigstore(t);
  const redirectUrl = new URL('http://127.0.0.1:0/back');
  const seen: string[] = [];
  const openBrowser = async (url: URL): Promise<boolean> => {
    seen.push(url.searchParams.get('redirect_uri') ?? '');
    return (await served.browse(url)) === 200;
  };
  await browserToken(t, served, { redirectUrl, openBrowser });
  assert.match(seen[0] ?? '', /^http:\/\/localhost:\d+\/back$/);
  for (const elsewhere of ['http://0.0.0.0:8080/back', 'https://example.test/back']) {
    const login = browserToken(t, served, { redirectUrl: new URL(elsewhere) });
    await assert.rejects(login, hasCode('SERVICE_URL_INVALID'), elsewhere);
  }
});

test('without a browser, the code is copied by hand', async (t) => {
  const served = await serveSigstore(t);
  const readCode = async (url: URL): Promise<string> => {
    assert.equal(url.searchParams.get('redirect_uri'), 'urn:ietf:wg:oauth:2.0:oob');
    return ` ${((await (await fetch(url)).json()) as { code: string }).code}\n`;
  };
  const token = await browserToken(t, served, { openBrowser: async () => false, readCode });
  assert.equal(parseIdentityToken(token).email, 'dev@example.test');
  const none = browserToken(t, served, { openBrowser: async () => false });
  await assert.rejects(none, hasCode('LOGIN_FAILED'));
});

const browserMisdeeds: readonly (readonly [string, Misdeeds])[] = [
  ['another state', { callback: (query) => query.set('state', 'x') }],
  ['no state', { callback: (query) => query.delete('state') }],
  ['an error instead of a code', { callback: (query) => (query.delete('code'), query.set('error', 'access_denied')) }],
  ['a code of nobody', { callback: (query) => query.set('code', 'x') }],
  ['the word of another issuer', { callback: (query) => query.set('iss', 'https://other.example') }],
  ['a token with another nonce', { claims: (claims) => ({ ...claims, nonce: 'x' }) }],
  ['a token without a nonce', { claims: (claims) => ({ ...claims, nonce: undefined }) }],
  ['a token of another issuer', { claims: (claims) => ({ ...claims, iss: 'https://other.example' }) }],
  ['a token for another client', { claims: (claims) => ({ ...claims, aud: 'other' }) }],
  ['a token that has expired', { claims: (claims) => ({ ...claims, exp: 1_000_000_000 }) }],
];
for (const [what, misdeed] of browserMisdeeds) {
  test(`a login that brings ${what} fails`, async (t) => {
    const served = await serveSigstore(t);
    Object.assign(served.misdeeds, misdeed);
    await assert.rejects(browserToken(t, served), hasCode('LOGIN_FAILED'));
  });
}

const discoveries: readonly (readonly [string, (served: ServedSigstore) => Readonly<Record<string, unknown>>])[] = [
  ['calls itself by another name', () => ({ issuer: 'https://other.example' })],
  ['does not speak of PKCE', () => ({ code_challenge_methods_supported: undefined })],
  ['knows only plain PKCE', () => ({ code_challenge_methods_supported: ['plain'] })],
  ['sends codes to another host', () => ({ token_endpoint: 'https://thief.example/token' })],
  ['sends codes to another port', () => ({ token_endpoint: 'http://127.0.0.1:1/token' })],
  ['sends the person to another host', () => ({ authorization_endpoint: 'https://thief.example/auth' })],
  ['has no address that can be read', () => ({ device_authorization_endpoint: 'nowhere' })],
];
for (const [what, change] of discoveries) {
  test(`an issuer that ${what} is not logged in at`, async (t) => {
    const served = await serveSigstore(t);
    served.misdeeds.discovery = (document) => ({ ...document, ...change(served) });
    await assert.rejects(open(t, served), hasCode('LOGIN_FAILED'));
  });
}

test('an https issuer must not send anybody on to plain http, and plain http is for loopback only', async (t) => {
  const document = { issuer: 'https://issuer.example', token_endpoint: 'http://127.0.0.1:1/token' };
  const body = Buffer.from(JSON.stringify({ ...document, code_challenge_methods_supported: ['S256'] }));
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    yield body;
  };
  const answer = { status: 200, headers: { 'content-type': 'application/json' }, body: chunks() };
  const runtime = createTestRuntime(t, { request: async () => answer });
  const client = { clientId: 'sigstore' };
  await assert.rejects(openIssuer(runtime, { ...client, issuer: new URL(document.issuer) }), hasCode('LOGIN_FAILED'));
  const plain = openIssuer(runtime, { ...client, issuer: new URL('http://issuer.example') });
  await assert.rejects(plain, hasCode('SERVICE_URL_INVALID'));
});

test('an issuer that answers with a redirect, with no JSON or not at all is not logged in at', async (t) => {
  const served = await serveSigstore(t);
  const thief = await serveSigstore(t);
  served.misdeeds.instead = (_request, response) => {
    response.writeHead(302, { location: `${thief.issuer}/.well-known/openid-configuration` }).end();
    return true;
  };
  await assert.rejects(open(t, served), hasCode('LOGIN_FAILED'));
  assert.deepEqual(thief.server.asked(), []);
  served.misdeeds.instead = (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('<html>');
    return true;
  };
  await assert.rejects(open(t, served), hasCode('LOGIN_FAILED'));
});

test('what does not come from this login does not end the wait, and is told nothing', async (t) => {
  const served = await serveSigstore(t);
  const statuses: number[] = [];
  const openBrowser = async (url: URL): Promise<boolean> => {
    const back = new URL(url.searchParams.get('redirect_uri') ?? '');
    const state = url.searchParams.get('state') ?? '';
    const call = (path: string, options: { method?: string; headers?: Record<string, string> } = {}): Promise<number> =>
      new Promise((resolve, reject) => {
        httpRequest({ host: '127.0.0.1', port: back.port, path, ...options }, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        })
          .on('error', reject)
          .end();
      });
    const good = `/auth/callback?state=${state}&code=x`;
    statuses.push(
      await call('/auth/callback?state=guess&code=x'),
      await call(`/?state=${state}&code=x`),
      await call(good, { method: 'POST' }),
      await call(good, { headers: { host: 'evil.example' } }),
    );
    return (await served.browse(url)) === 200;
  };
  await browserToken(t, served, { openBrowser });
  assert.deepEqual(statuses, [400, 400, 400, 400]);
});

test('nobody is waited for longer than there is time, nor after an interruption', async (t) => {
  const served = await serveSigstore(t);
  const idle = { openBrowser: async () => true, waitMs: 20 };
  await assert.rejects(browserToken(t, served, idle), hasCode('LOGIN_FAILED'));
  const interruption = new AbortController();
  const runtime = createTestRuntime(t, { signal: interruption.signal });
  const login = logInWithBrowser(runtime, await open(t, served), {
    ...idle,
    issuerUrl: new URL(served.issuer),
    readCode: () => Promise.resolve(undefined),
    waitMs: 60_000,
  });
  setTimeout(() => interruption.abort(new Error('enough')), 20);
  await assert.rejects(login, /enough/);
});

test('a person logs in on another device while we ask as slowly as the issuer wants', async (t) => {
  const served = await serveSigstore(t);
  served.misdeeds.device = ['authorization_pending', 'slow_down', 'authorization_pending'];
  const runtime = createTestRuntime(t);
  const shown: string[] = [];
  const token = await logInWithDevice(runtime, await open(t, served), {
    issuerUrl: new URL(served.issuer),
    show: ({ userCode, verificationUrl, expiresInSeconds }) =>
      shown.push(userCode, verificationUrl.href, `${expiresInSeconds}`),
  });
  assert.equal(parseIdentityToken(token).email, 'dev@example.test');
  assert.deepEqual(shown, ['ABCD-EFGH', `${served.issuer}/enter`, '300']);
  assert.deepEqual(runtime.slept, [1000, 1000, 6000, 6000]);
});

test('a login on another device that is refused, expires or is not offered fails', async (t) => {
  const served = await serveSigstore(t);
  for (const device of [
    ['access_denied'],
    ['expired_token'],
    Array.from({ length: 301 }, () => 'authorization_pending'),
  ]) {
    served.misdeeds.device = device;
    await assert.rejects(deviceToken(t, served), hasCode('LOGIN_FAILED'));
  }
  served.misdeeds.discovery = (document) => ({ ...document, device_authorization_endpoint: undefined });
  await assert.rejects(deviceToken(t, served), hasCode('LOGIN_FAILED'));
});

test('a client with a secret shows it to the token endpoint, and no error repeats code or secret', async (t) => {
  const served = await serveSigstore(t);
  const clientSecret = 'averysecretsecret';
  const issuer = await openIssuer(createTestRuntime(t), {
    issuer: new URL(served.issuer),
    clientId: 'sigstore',
    clientSecret,
  });
  const login: BrowserLogin = {
    issuerUrl: new URL(served.issuer),
    openBrowser: async (url) => (await served.browse(url)) === 200,
    readCode: () => Promise.resolve(undefined),
  };
  await logInWithBrowser(createTestRuntime(t), issuer, login);
  const asked = served.server.seen.findLast(({ path }) => path === '/oidc/token');
  assert.equal(asked?.headers.authorization, `Basic ${Buffer.from(`sigstore:${clientSecret}`).toString('base64')}`);
  served.misdeeds.claims = (claims) => ({ ...claims, nonce: 'x' });
  try {
    await logInWithBrowser(createTestRuntime(t), issuer, login);
    assert.fail();
  } catch (error) {
    assert.ok(error instanceof CountersignError);
    const text = JSON.stringify([error.message, error.details, String(error.cause)]);
    assert.ok(!text.includes(clientSecret) && !text.includes('eyJ'), text);
  }
});
