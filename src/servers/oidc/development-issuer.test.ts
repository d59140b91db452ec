import assert from 'node:assert/strict';
import type { JsonWebKey } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { test } from 'node:test';

import {
  authorizationOf,
  callback,
  claimsOf,
  codeOf,
  openPage,
  postTo,
  redeem,
  signIn,
  verifier,
} from '../../../test/support/issuer-client.ts';
import type { Fields } from '../../../test/support/issuer-client.ts';
import { createBrowser, hiddenFieldsOf, openIssuerLab } from '../../../test/support/issuer-lab.ts';
import type { IssuerLab } from '../../../test/support/issuer-lab.ts';
import { limits } from '../../base/limits.ts';

test('discovery says what clients of Sigstore look for, with the issuer byte for byte', async (t) => {
  const lab = await openIssuerLab(t);
  const answer = await fetch(`${lab.url.replace('localhost', '127.0.0.1')}/.well-known/openid-configuration`);
  const document = (await answer.json()) as Readonly<Record<string, unknown>>;
  assert.equal(document['issuer'], lab.url);
  assert.equal(document['authorization_endpoint'], `${lab.url}/auth`);
  assert.equal(document['token_endpoint'], `${lab.url}/token`);
  assert.equal(document['device_authorization_endpoint'], `${lab.url}/device/auth`);
  assert.deepEqual(document['code_challenge_methods_supported'], ['S256']);
  assert.deepEqual(document['response_types_supported'], ['code']);
  assert.deepEqual(document['id_token_signing_alg_values_supported'], ['RS256']);
  const { keys } = (await (await fetch(String(document['jwks_uri']))).json()) as { keys: JsonWebKey[] };
  assert.deepEqual(keys, lab.issuer.jwks.keys);
  assert.ok(!JSON.stringify(keys).includes('"d"'));
});

test('a person signs in, and the client gets one token as identity and as access token', async (t) => {
  const lab = await openIssuerLab(t);
  const { location = '' } = await signIn(lab, createBrowser(), 'dev@example.com');
  const answer = new URL(location);
  assert.equal(answer.origin + answer.pathname, callback);
  assert.equal(answer.searchParams.get('state'), 'the-state');
  assert.equal(answer.searchParams.get('iss'), lab.url);
  const { status, body } = await redeem(lab, answer.searchParams.get('code') ?? '');
  assert.equal(status, 200);
  assert.equal(body['access_token'], body['id_token']);
  assert.equal(body['refresh_token'], undefined);
  const { iat, exp, jti, ...claims } = await claimsOf(lab, body['id_token']);
  assert.deepEqual(claims, {
    iss: lab.url,
    sub: 'dev@example.com',
    aud: 'sigstore',
    email: 'dev@example.com',
    email_verified: true,
    nonce: 'the-nonce',
  });
  assert.equal(Number(exp) - Number(iat), 600);
  assert.equal(typeof jti, 'string');
  assert.deepEqual(lab.warnings, []);
});

test('a client may send an empty secret in any of the ways that clients do', async (t) => {
  const lab = await openIssuerLab(t);
  const basic = { authorization: `Basic ${Buffer.from('sigstore:').toString('base64')}` };
  const ways: readonly (readonly [Fields, Fields])[] = [
    [{}, {}],
    [{ client_secret: '' }, {}],
    [{}, basic],
    [{ client_secret: '' }, basic],
  ];
  for (const [fields, headers] of ways) {
    const { status } = await redeem(lab, await codeOf(lab), fields, headers);
    assert.equal(status, 200, JSON.stringify([fields, headers]));
  }
  const guess = { authorization: `Basic ${Buffer.from('sigstore:guess').toString('base64')}` };
  const { status, body } = await redeem(lab, await codeOf(lab), {}, guess);
  assert.deepEqual([status, body['error']], [401, 'invalid_client']);
  const other = await redeem(lab, await codeOf(lab), { client_id: 'another' });
  assert.deepEqual([other.status, other.body['error']], [401, 'invalid_client']);
});

test('a basic header alone names the client, as sigstore-python sends it', async (t) => {
  const lab = await openIssuerLab(t);
  const form = {
    grant_type: 'authorization_code',
    code: await codeOf(lab),
    code_verifier: verifier,
    redirect_uri: callback,
  };
  const headers = { authorization: `Basic ${Buffer.from('sigstore:').toString('base64')}` };
  assert.equal((await postTo(`${lab.url}/token`, form, headers)).status, 200);
});

test('a sign-in ends on this machine, at any port and path, and nowhere else', async (t) => {
  const lab = await openIssuerLab(t);
  const own = [
    'http://localhost:1/',
    'http://127.0.0.1:65535/any/path?q=1',
    'http://[::1]:5556/auth/callback',
    'http://localhost/x',
  ];
  for (const redirect_uri of own) {
    const { location = '' } = await signIn(lab, createBrowser(), 'dev@example.com', { redirect_uri });
    assert.ok(location.startsWith(redirect_uri.split('?')[0] ?? ''), location);
  }
  const foreign = [
    'https://attacker.example/',
    'http://attacker.example/',
    'http://localhost.attacker.example/',
    'http://localhost@attacker.example/',
    'http://attacker.example#localhost',
    'http://user:pass@localhost:1/',
    'http://127.0.0.1.attacker.example/',
    'http://localhost:1/#fragment',
    'http://localhost:1/#',
    'http://0.0.0.0:1/',
    'http://192.168.1.1/',
    'javascript:alert(1)',
    'urn:ietf:wg:oauth:2.0:oob:auto',
    'https://localhost:1/',
    '//localhost/',
    '',
  ];
  for (const redirect_uri of foreign) {
    const { status, location } = await createBrowser().get(authorizationOf(lab, { redirect_uri }));
    assert.deepEqual([status, location], [400, undefined], redirect_uri);
  }
});

test('a client without an address has its code shown on a page', async (t) => {
  const lab = await openIssuerLab(t);
  const redirect_uri = 'urn:ietf:wg:oauth:2.0:oob';
  const page = await signIn(lab, createBrowser(), 'dev@example.com', { redirect_uri });
  assert.deepEqual([page.status, page.location], [200, undefined]);
  const [, code = ''] = /<code>([^<]+)<\/code>/.exec(page.text) ?? [];
  const { status, body } = await redeem(lab, code, { redirect_uri });
  assert.equal(status, 200);
  assert.equal((await claimsOf(lab, body['id_token']))['email'], 'dev@example.com');
});

test('a code is good once, for its client, address and verifier', async (t) => {
  const lab = await openIssuerLab(t);
  const refused = async (code: string, changes: Fields): Promise<void> => {
    const { status, body } = await redeem(lab, code, changes);
    assert.deepEqual(
      [status, body['error'], body['id_token']],
      [400, 'invalid_grant', undefined],
      JSON.stringify(changes),
    );
  };
  await refused('no-such-code', {});
  await refused(await codeOf(lab), { code_verifier: 'another-verifier-that-is-also-long-enough-for-pkce' });
  await refused(await codeOf(lab), { redirect_uri: 'http://localhost:9998/auth/callback' });
  const code = await codeOf(lab);
  assert.equal((await redeem(lab, code)).status, 200);
  await refused(code, {});
});

test('a sign-in without PKCE, or with the plain method, is sent back as refused', async (t) => {
  const lab = await openIssuerLab(t);
  const without = [
    { code_challenge: undefined, code_challenge_method: undefined },
    { code_challenge: verifier, code_challenge_method: 'plain' },
    { code_challenge_method: undefined },
  ];
  for (const changes of without) {
    const { location = '' } = await createBrowser().get(authorizationOf(lab, changes));
    assert.equal(new URL(location).searchParams.get('error'), 'invalid_request', JSON.stringify(changes));
    assert.equal(new URL(location).searchParams.get('code'), null);
  }
});

test('nothing but a form sent from the page itself signs anybody in', async (t) => {
  const lab = await openIssuerLab(t);
  const browser = createBrowser();
  const page = await openPage(lab, browser);
  const form = { ...hiddenFieldsOf(page), email: 'victim@example.com' };
  // By GET, however the fields are sent.
  const got = await browser.get(`${page.address}?${new URLSearchParams(form).toString()}`);
  assert.deepEqual([got.status, got.location], [200, undefined]);
  // From another page: the browser says so.
  const attacks: readonly Fields[] = [
    { origin: 'https://attacker.example' },
    { origin: 'null' },
    { origin: 'http://localhost:1' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ];
  for (const headers of attacks) {
    const { status, location } = await browser.post(page.address, form, headers);
    assert.deepEqual([status, location], [403, undefined], JSON.stringify(headers));
  }
  // Without the field, with that of another sign-in, or from a browser that did not see the page.
  const other = await openPage(lab, createBrowser());
  for (const form_token of ['', 'ab', hiddenFieldsOf(other)['form_token'] ?? '']) {
    const { status, location } = await browser.post(page.address, { ...form, form_token });
    assert.deepEqual([status, location], [403, undefined], form_token);
  }
  const stranger = await createBrowser().post(page.address, form);
  assert.deepEqual([stranger.status, stranger.location], [403, undefined]);
  // The honest form still works.
  assert.equal((await browser.post(page.address, form)).status, 303);
});

test('nobody stays signed in: the next sign-in asks again', async (t) => {
  const lab = await openIssuerLab(t);
  const browser = createBrowser();
  await signIn(lab, browser, 'one@example.com');
  const next = await browser.get(authorizationOf(lab));
  assert.match(next.location ?? '', /\/oidc\/sign-in\//);
  const silent = await browser.get(authorizationOf(lab, { prompt: 'none' }));
  assert.equal(new URL(silent.location ?? '').searchParams.get('error'), 'login_required');
  const { location = '' } = await signIn(lab, browser, 'two@example.com');
  const { body } = await redeem(lab, new URL(location).searchParams.get('code') ?? '');
  assert.equal((await claimsOf(lab, body['id_token']))['email'], 'two@example.com');
});

test('two sign-ins in one browser at once do not disturb each other', async (t) => {
  const lab = await openIssuerLab(t);
  const first = createBrowser();
  const page = await openPage(lab, first);
  await signIn(lab, first, 'two@example.com');
  const again = await first.post(page.address, { ...hiddenFieldsOf(page), email: 'one@example.com' });
  assert.equal(again.status, 303);
  const { location = '' } = await first.get(again.location ?? '');
  const { body } = await redeem(lab, new URL(location).searchParams.get('code') ?? '');
  assert.equal((await claimsOf(lab, body['id_token']))['email'], 'one@example.com');
});

test('what is typed comes back as text, and only addresses are taken', async (t) => {
  const lab = await openIssuerLab(t);
  const browser = createBrowser();
  const page = await openPage(lab, browser);
  const bad = [
    '"><script>alert(1)</script>@example.com',
    "x' onfocus='alert(1)@example.com",
    '',
    'dev',
    '@example.com',
    'dev@',
    'a@b\u202e',
    `${'a'.repeat(250)}@example.com`,
  ];
  for (const email of bad) {
    const { status, text } = await browser.post(page.address, { ...hiddenFieldsOf(page), email });
    assert.equal(status, 400, email);
    assert.ok(!/<script|onfocus='|\u202e/.test(text), text);
    assert.match(text, /role="alert"/);
  }
  const sent = await browser.post(page.address, { ...hiddenFieldsOf(page), email: ' first.last+tag@sub.example.com ' });
  assert.equal(sent.status, 303);
});

test('pages and cookies are fenced in', async (t) => {
  const lab = await openIssuerLab(t);
  const browser = createBrowser();
  const page = await openPage(lab, browser);
  const policy = page.headers.get('content-security-policy') ?? '';
  assert.match(
    policy,
    /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self' http:\/\/localhost:9999; frame-ancestors 'none'; base-uri 'none'$/,
  );
  assert.equal(page.headers.get('x-frame-options'), 'DENY');
  assert.equal(page.headers.get('referrer-policy'), 'same-origin');
  assert.equal(page.headers.get('cache-control'), 'no-store');
  assert.match(page.text, /DEVELOPMENT/);
  assert.doesNotMatch(page.text, /<script|src=|https?:\/\/(?!localhost:9999)/);
  await signIn(lab, browser, 'dev@example.com');
  const raw = await fetch(authorizationOf(lab), { redirect: 'manual' });
  const lines = [...raw.headers.getSetCookie(), ...page.headers.getSetCookie()];
  assert.ok(lines.length > 2);
  for (const line of lines) {
    assert.match(line, /; path=\/oidc[;/]/i);
    assert.match(line, /; httponly/i);
    assert.match(line, /; samesite=(lax|strict)/i);
  }
});

test('no other page may read an answer, and no other name may be called', async (t) => {
  const lab = await openIssuerLab(t);
  const paths = ['/.well-known/openid-configuration', '/jwks', '/token', '/auth', '/device'];
  for (const path of paths) {
    const foreign = await fetch(lab.url + path, { headers: { origin: 'https://attacker.example' } });
    assert.equal(foreign.status, 403, path);
    assert.equal(foreign.headers.get('access-control-allow-origin'), null, path);
    const own = await fetch(lab.url + path, { headers: { origin: new URL(lab.url).origin } });
    assert.equal(own.headers.get('access-control-allow-origin'), null, path);
    const preflight = await fetch(lab.url + path, {
      method: 'OPTIONS',
      headers: { origin: 'https://attacker.example', 'access-control-request-method': 'POST' },
    });
    assert.equal(preflight.headers.get('access-control-allow-origin'), null, path);
    assert.equal(await statusFor(lab, path, 'attacker.example'), 421, path);
    // Nor can a client make the issuer name other addresses.
    const spoofed = await fetch(lab.url + path, {
      headers: { 'x-forwarded-host': 'attacker.example', 'x-forwarded-proto': 'https' },
    });
    assert.doesNotMatch(await spoofed.text(), /attacker/);
  }
});

function statusFor(lab: IssuerLab, path: string, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(lab.url + path, { headers: { host } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    sent.on('error', reject).end();
  });
}

test('a body over the cap and an address outside are refused', async (t) => {
  const lab = await openIssuerLab(t);
  const large = await fetch(`${lab.url}/token`, { method: 'POST', body: 'x'.repeat(limits.issuerFormBytes + 1) });
  assert.equal(large.status, 413);
  const outside = await fetch(`${lab.url}x/token`);
  assert.equal(outside.status, 400);
  assert.equal((await fetch(`${lab.url}/no-such-page`)).status, 404);
});

test('a token may be minted without a sign-in by who holds the issuer', async (t) => {
  const lab = await openIssuerLab(t);
  const token = lab.issuer.mintToken({ email: 'ci@example.com', subject: 'ci', audience: 'somebody' });
  const claims = await claimsOf(lab, token);
  assert.deepEqual(
    [claims['sub'], claims['email'], claims['aud'], claims['iss']],
    ['ci', 'ci@example.com', 'somebody', lab.url],
  );
});
