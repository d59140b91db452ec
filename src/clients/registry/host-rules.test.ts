import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { isErrorWithCode } from '../../base/errors.ts';
import { locationOf, requireRealm } from './host-rules.ts';
import type { RealmRule } from './host-rules.ts';

async function isAllowed(registry: string, realm: string, rest: Partial<RealmRule> = {}): Promise<boolean> {
  try {
    await requireRealm({ registry: new URL(registry), realm: new URL(realm), isSecret: true, authHosts: [], ...rest });
    return true;
  } catch (error) {
    assert.ok(isErrorWithCode(error, 'AUTH_HOST_REFUSED'));
    assert.match(error.hint, /--registry-auth-host/);
    return false;
  }
}

test("credentials go to the registry's own registrable domain and to nobody else", async () => {
  const cases: [string, string, boolean][] = [
    ['https://registry.example.com/', 'https://registry.example.com/token', true],
    ['https://registry.example.com/', 'https://auth.example.com/token', true],
    ['https://registry.example.com/', 'https://example.com/token', true],
    ['https://registry.example.com/', 'https://registry.example.com:8443/token', true],
    ['https://registry.example.com/', 'https://evil.com/token', false],
    ['https://registry.example.com/', 'https://registry.example.com.evil.com/token', false],
    ['https://registry.example.com/', 'https://evil-example.com/token', false],
    ['https://registry.example.co.uk/', 'https://evil.co.uk/token', false],
    ['https://index.docker.io/', 'https://auth.docker.io/token', true],
    ['https://registry.gitlab.com/', 'https://gitlab.com/jwt/auth', true],
    ['https://nvcr.io/', 'https://authn.nvidia.com/token', true],
    ['https://nvcr.io/', 'https://evil.nvidia.com/token', false],
    ['https://rg.fr-par.scw.cloud/', 'https://api.scaleway.com/tokens', true],
    ['https://evil.scw.cloud/', 'https://api.scaleway.com/tokens', false],
    // Neighbours under a suffix where anyone may register are strangers.
    ['https://one.github.io/', 'https://two.github.io/token', false],
    ['https://one.azurewebsites.net/', 'https://two.azurewebsites.net/token', false],
    ['https://10.0.0.1/', 'https://10.0.0.1/token', true],
    ['https://10.0.0.1/', 'https://10.0.0.2/token', false],
    ['https://[fd00::1]/', 'https://[fd00::2]/token', false],
    ['https://localhost/', 'https://evil.localhost/token', false],
    ['https://registry/', 'https://auth/token', false],
  ];
  for (const [registry, realm, expected] of cases) {
    assert.equal(await isAllowed(registry, realm), expected, `${registry} to ${realm}`);
  }
});

test('credentials never travel unprotected, except from loopback to loopback', async () => {
  assert.equal(await isAllowed('https://registry.example.com/', 'http://registry.example.com/token'), false);
  assert.equal(await isAllowed('http://registry.example.com/', 'http://registry.example.com/token'), false);
  assert.equal(await isAllowed('https://registry.example.com/', 'http://127.0.0.1/token'), false);
  assert.equal(await isAllowed('http://127.0.0.1:5000/', 'http://127.0.0.1:5001/token'), true);
  assert.equal(await isAllowed('http://127.0.0.1:5000/', 'http://registry.example.com/token'), false);
  assert.equal(await isAllowed('https://a.example/', 'ftp://a.example/token'), false);
});

test('a host that the user named may get credentials over https, with or without its port, and nothing like it', async () => {
  const [registry, realm] = ['https://r.example/', 'https://auth.other:8443/token'];
  assert.equal(await isAllowed(registry, realm, { authHosts: ['auth.other'] }), true);
  assert.equal(await isAllowed(registry, realm, { authHosts: ['auth.other:8443'] }), true);
  assert.equal(await isAllowed(registry, realm, { authHosts: ['auth.other:443', 'other', 'x.auth.other'] }), false);
  assert.equal(await isAllowed(registry, 'http://auth.other/token', { authHosts: ['auth.other'] }), false);
});

test('without a secret any https host may be asked for a token', async () => {
  assert.equal(await isAllowed('https://r.example/', 'https://elsewhere.test/token', { isSecret: false }), true);
  assert.equal(await isAllowed('https://r.example/', 'http://elsewhere.test/token', { isSecret: false }), false);
  assert.equal(await isAllowed('https://r.example/', 'http://127.0.0.1/token', { isSecret: false }), false);
  assert.equal(await isAllowed('http://r.example/', 'http://r.example/token', { isSecret: false }), true);
});

test('a location on the same host keeps our scheme, one elsewhere must be https', () => {
  const base = new URL('https://r.example/v2/a/blobs/uploads/');
  assert.equal(locationOf('/v2/x?y=z', base).href, 'https://r.example/v2/x?y=z');
  assert.equal(locationOf('x', base).href, 'https://r.example/v2/a/blobs/uploads/x');
  assert.equal(locationOf('http://r.example/v2/x', base).href, 'https://r.example/v2/x');
  assert.equal(locationOf('https://cdn.example/x', base).href, 'https://cdn.example/x');
  assert.equal(locationOf('http://127.0.0.1:2/x', new URL('http://127.0.0.1:1/')).href, 'http://127.0.0.1:2/x');
  for (const location of [
    undefined,
    'http://cdn.example/x',
    'http://127.0.0.1/x',
    'file:///etc/passwd',
    'https://',
    '//[',
  ]) {
    assert.throws(() => locationOf(location, base), hasCode('REGISTRY_ANSWER_INVALID'), location);
  }
});
