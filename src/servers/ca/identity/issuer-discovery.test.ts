import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { hasCode } from '../../../../test/support/error-code.ts';
import { createScratchFolder } from '../../../../test/support/scratch.ts';
import { reply } from '../../../../test/support/scripted-server.ts';
import type { Script } from '../../../../test/support/scripted-server.ts';
import { createTestRuntime } from '../../../../test/support/test-runtime.ts';
import { createTlsFiles } from '../../../../test/support/tls.ts';
import {
  claimsOf,
  createTokenKey,
  discoveryPath,
  keysPath,
  signToken,
  startTokenIssuer,
} from '../../../../test/support/token-issuer.ts';
import type { TokenIssuer } from '../../../../test/support/token-issuer.ts';
import { limits } from '../../../base/limits.ts';
import type { HttpRequest, Request } from '../../../base/runtime.ts';
import type { IdentifyToken, Principal } from '../principal.ts';
import { openIdentities } from './identify-token.ts';
import type { IdentityOptions } from './identify-token.ts';
import { parseIssuerConfiguration } from './issuer-configuration.ts';

const key = createTokenKey('ES256');
const pattern = 'https://*.issuer.example/id/*';
const found = 'https://eu.issuer.example/id/7';

test('an issuer that answers anything but its own keys is unreachable, and says why', async (t) => {
  const issuer = await startTokenIssuer(t, [key]);
  const { url } = issuer;
  const json =
    (value: unknown): Script =>
    (_, response) =>
      reply(response, 200, {}, JSON.stringify(value));
  const elsewhere: Script = (_, response) => reply(response, 302, { location: 'http://127.0.0.1:1/latest/meta-data' });
  const huge: Script = (_, response) => reply(response, 200, {}, ' '.repeat(limits.issuerDocumentBytes + 1));
  const many = Array.from({ length: limits.issuerKeys + 1 }, () => key.jwk);
  const cases: readonly (readonly [string, Script, RegExp])[] = [
    [discoveryPath, elsewhere, /redirects, which is not followed/],
    [keysPath, elsewhere, /redirects, which is not followed/],
    [
      discoveryPath,
      json({ issuer: 'https://other', jwks_uri: `${url}${keysPath}` }),
      /document is that of "https:\/\/other"/,
    ],
    [discoveryPath, json({ issuer: `${url}/`, jwks_uri: `${url}${keysPath}` }), /document is that of/],
    [discoveryPath, json({ issuer: url, jwks_uri: 'http://example.com/keys' }), /jwks_uri is not https/],
    [discoveryPath, json({ issuer: url, jwks_uri: 'http://127.0.0.1:1/keys' }), /jwks_uri is not https/],
    [discoveryPath, json({ issuer: url, jwks_uri: 'file:///etc/passwd' }), /jwks_uri is not https/],
    [discoveryPath, json({ issuer: url, jwks_uri: 'https://user:secret@example.com/' }), /jwks_uri is not a URL/],
    [discoveryPath, json({ issuer: url }), /jwks_uri: expected a string/],
    [discoveryPath, json([]), /expected an object/],
    [discoveryPath, (_, response) => reply(response, 404), /answered 404/],
    [discoveryPath, (_, response) => reply(response, 200, {}, `{"issuer":"a","issuer":"${url}"}`), /appears twice/],
    [discoveryPath, huge, /is larger than/],
    [keysPath, huge, /is larger than/],
    [keysPath, json({ keys: [] }), /no key that signs tokens/],
    [keysPath, json({ keys: [{ kty: 'oct', k: 'AAAA' }] }), /no key that signs tokens/],
    [keysPath, json({ keys: many }), /65 keys, at most 64/],
    [keysPath, json({ keys: [{ kty: 7 }] }), /kty: expected a string/],
  ];
  for (const [path, script, reason] of cases) {
    issuer.scripts.clear();
    issuer.scripts.set(path, script);
    await assert.rejects(identifyFor(t, url)(signToken(key, claimsOf(url))), (error) => {
      assert.ok(hasCode('TOKEN_ISSUER_UNREACHABLE')(error));
      assert.match((error as Error).message, reason);
      return true;
    });
  }
});

test('an issuer that dawdles or is not there is unreachable, in bounded time', async (t) => {
  const issuer = await startTokenIssuer(t, [key]);
  issuer.scripts.set(discoveryPath, (_, response) => response.write('{'));
  const token = signToken(key, claimsOf(issuer.url));
  await assert.rejects(identifyFor(t, issuer.url, { documentMs: 50 })(token), hasCode('TOKEN_ISSUER_UNREACHABLE'));
  const drip: Script = async (_, response) => {
    for (let at = 0; at < 50 && !response.destroyed; at += 1) {
      response.write(' ');
      await delay(10);
    }
  };
  issuer.scripts.set(discoveryPath, drip);
  await assert.rejects(identifyFor(t, issuer.url, { documentMs: 50 })(token), hasCode('TOKEN_ISSUER_UNREACHABLE'));
  const nobody = 'http://127.0.0.1:1';
  const refused = identifyFor(t, nobody)(signToken(key, claimsOf(nobody)));
  await assert.rejects(refused, hasCode('TOKEN_ISSUER_UNREACHABLE'));
});

test('an issuer with a certificate of its own authority is believed with that authority alone', async (t) => {
  const { issuer, caPem } = await startTlsIssuer(t);
  const token = signToken(key, claimsOf(issuer.url));
  assert.equal((await identifyFor(t, issuer.url, {}, caPem)(token)).name.value, 'ada@example.com');
  await assert.rejects(identifyFor(t, issuer.url)(token), hasCode('TOKEN_ISSUER_UNREACHABLE'));
});

test('the credentials of the cluster go to its own issuer and to nobody else', async (t) => {
  const { issuer, caPem } = await startTlsIssuer(t);
  const { issuer: other, caPem: otherCaPem } = await startTlsIssuer(t);
  const cluster = { issuerUrl: issuer.url, caPem, bearerToken: async () => 'service-account' };
  const bearers = (from: TokenIssuer): unknown[] => from.server.seen.map(({ headers }) => headers.authorization);

  await identifyFor(t, issuer.url, { cluster })(signToken(key, claimsOf(issuer.url)));
  assert.deepEqual(bearers(issuer), ['Bearer service-account', 'Bearer service-account']);

  await identifyFor(t, other.url, { cluster }, otherCaPem)(signToken(key, claimsOf(other.url)));
  assert.deepEqual(bearers(other), [undefined, undefined]);

  const away = JSON.stringify({ issuer: issuer.url, jwks_uri: `${other.url}${keysPath}` });
  issuer.scripts.set(discoveryPath, (_, response) => reply(response, 200, {}, away));
  await identifyFor(t, issuer.url, { cluster }, otherCaPem)(signToken(key, claimsOf(issuer.url)));
  assert.deepEqual(bearers(other), [undefined, undefined, undefined], 'nor where the issuer says its keys are');
});

test('an issuer found by a pattern is asked on its own host, and only where that is public', async (t) => {
  const world = await startFoundIssuer(t);
  const principal = await world.identify(signToken(key, claimsOf(found)));
  assert.equal(principal.issuer, pattern);
  assert.equal(principal.extensions.get(8), found);
  assert.deepEqual(
    world.sent.map(({ url, isPublicOnly }) => [url.href, isPublicOnly]),
    [
      [`${found}${discoveryPath}`, true],
      [`${found}${keysPath}`, true],
    ],
  );
});

test('an issuer found by a pattern whose name leads to this machine gets no connection', async (t) => {
  const world = await startFoundIssuer(t, { isAddressChecked: true });
  await assert.rejects(world.identify(signToken(key, claimsOf(found))), (error) => {
    assert.ok(hasCode('TOKEN_ISSUER_UNREACHABLE')(error));
    assert.ok(hasCode('HTTP_ADDRESS_PRIVATE')((error as Error).cause));
    return true;
  });
  assert.deepEqual(world.issuer.server.seen, []);
});

test('an issuer found by a pattern cannot have its keys elsewhere', async (t) => {
  const places = ['https://issuer.example/keys', 'https://eu.issuer.example:8443/keys', 'https://169.254.169.254/keys'];
  for (const place of places) {
    const world = await startFoundIssuer(t);
    const document = JSON.stringify({ issuer: found, jwks_uri: place });
    world.issuer.scripts.set(`/id/7${discoveryPath}`, (_, response) => reply(response, 200, {}, document));
    await assert.rejects(world.identify(signToken(key, claimsOf(found))), /jwks_uri is on another host/);
    assert.equal(world.sent.length, 1);
  }
});

test('a URL that only looks as if it matched a pattern is asked nothing', async (t) => {
  const world = await startFoundIssuer(t);
  const lures = [
    'https://evil.example/#.issuer.example/id/7',
    'https://evil.example?.issuer.example/id/7',
    'https://eu.issuer.example@evil.example/id/7',
    'https://user@eu.issuer.example/id/7',
    'https://eu.issuer.example:8443/id/7',
    'https://a.b.issuer.example/id/7',
    'https://eu.issuer.example/id/7/8',
    'https://eu.issuer.example/id/..',
    'https://eu.issuer.example/id/7?x',
    'https://eu.issuer.example/id/7#x',
    'https://eu.issuer.example/id/7\n',
    'https://euxissuer.example/id/7',
    'http://eu.issuer.example/id/7',
    'https://.issuer.example/id/7',
    'https://eu.issuer.example/id/',
    'x https://eu.issuer.example/id/7',
    'https://oidc.eks.evil.com/#.amazonaws.com/id/x',
  ];
  for (const iss of lures) {
    await assert.rejects(world.identify(signToken(key, claimsOf(iss))), hasCode('TOKEN_ISSUER_UNKNOWN'), iss);
  }
  assert.deepEqual(world.sent, []);
});

test('made-up issuers that match a pattern neither pile up requests nor push known ones out', async (t) => {
  const world = await startFoundIssuer(t);
  await world.identify(signToken(key, claimsOf(found)));
  const names = Array.from(
    { length: limits.foundIssuers * 2 },
    (_, at) => `https://eu.issuer.example/id/made-up-${at}`,
  );
  const outcomes = await Promise.all(
    names.map(async (iss) =>
      world.identify(signToken(key, claimsOf(iss))).catch((error: unknown) => {
        assert.ok(hasCode('TOKEN_ISSUER_UNREACHABLE')(error));
        return /answered 404/.test((error as Error).message);
      }),
    ),
  );
  assert.equal(outcomes.filter((isAsked) => isAsked === true).length, limits.issuersInFlight);
  for (const iss of names) {
    await assert.rejects(world.identify(signToken(key, claimsOf(iss))), hasCode('TOKEN_ISSUER_UNREACHABLE'));
  }
  const before = world.sent.length;
  await world.identify(signToken(key, claimsOf(found)));
  assert.equal(world.sent.length, before, 'its keys were kept');
});

/** A way to identify tokens of one configured issuer that has been asked nothing yet. */
function identifyFor(
  t: TestContext,
  url: string,
  options: Partial<IdentityOptions> = {},
  caPem?: string,
): IdentifyToken {
  const issuer = { 'client-id': 'sigstore', type: 'email', ...(caPem !== undefined && { 'ca-cert': caPem }) };
  return openIdentities({
    configuration: parseIssuerConfiguration(JSON.stringify({ 'oidc-issuers': { [url]: issuer } })),
    request: createTestRuntime(t).request,
    now: () => new Date(),
    ...options,
  }).identify;
}

async function startTlsIssuer(t: TestContext): Promise<{ readonly issuer: TokenIssuer; readonly caPem: string }> {
  const { caFile, certFile, keyFile } = createTlsFiles(createScratchFolder('issuer'));
  const issuer = await startTokenIssuer(t, [key], { cert: readFileSync(certFile), key: readFileSync(keyFile) });
  return { issuer, caPem: readFileSync(caFile, 'utf8') };
}

interface FoundWorld {
  readonly issuer: TokenIssuer;
  readonly identify: (token: string) => Promise<Principal>;
  readonly sent: HttpRequest[];
}

/** An issuer known by a pattern alone. Its name leads to this machine, as if its owner had set the DNS so. */
async function startFoundIssuer(t: TestContext, { isAddressChecked = false } = {}): Promise<FoundWorld> {
  const { issuer, caPem } = await startTlsIssuer(t);
  const document = JSON.stringify({ issuer: found, jwks_uri: `${found}${keysPath}` });
  issuer.scripts.set(`/id/7${discoveryPath}`, (_, response) => reply(response, 200, {}, document));
  const keys = JSON.stringify({ keys: issuer.keys });
  issuer.scripts.set(`/id/7${keysPath}`, (_, response) => reply(response, 200, {}, keys));
  const { request } = createTestRuntime(t);
  const sent: HttpRequest[] = [];
  const lead: Request = async (given) => {
    sent.push(given);
    const url = new URL(`${issuer.url}${given.url.pathname}${given.url.search}`);
    return request({ ...given, url, ...(!isAddressChecked && { isPublicOnly: false }) });
  };
  const { identify } = openIdentities({
    configuration: parseIssuerConfiguration(
      JSON.stringify({ 'meta-issuers': { [pattern]: { 'client-id': 'sigstore', type: 'email', 'ca-cert': caPem } } }),
    ),
    request: lead,
    now: () => new Date(),
  });
  return { issuer, identify, sent };
}
