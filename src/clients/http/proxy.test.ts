import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ConfigError } from '../../base/errors.ts';
import { proxyFor } from './proxy.ts';

const both = { HTTP_PROXY: 'http://plain.proxy:3128', HTTPS_PROXY: 'http://tls.proxy:3128' };
const proxyHostFor = (url: string, environment: Record<string, string>): string | undefined =>
  proxyFor(new URL(url), environment)?.host;

test('each scheme has its own proxy, upper-case names before lower-case ones', () => {
  assert.equal(proxyHostFor('https://a.example/', both), 'tls.proxy:3128');
  assert.equal(proxyHostFor('http://a.example/', both), 'plain.proxy:3128');
  assert.equal(proxyHostFor('https://a.example/', { HTTP_PROXY: 'http://p:1' }), undefined);
  assert.equal(proxyHostFor('https://a.example/', { https_proxy: 'lower:1' }), 'lower:1');
  assert.equal(proxyHostFor('https://a.example/', { https_proxy: 'lower:1', HTTPS_PROXY: 'upper:1' }), 'upper:1');
  assert.equal(proxyHostFor('https://a.example/', {}), undefined);
});

test('loopback is never proxied', () => {
  for (const host of ['localhost', 'localhost:5000', '127.0.0.1:5000', '127.8.9.1', '[::1]:5000']) {
    assert.equal(proxyHostFor(`http://${host}/`, both), undefined, host);
  }
  assert.equal(proxyHostFor('http://registry.localhost/', both), 'plain.proxy:3128');
});

test('HTTP_PROXY is ignored under CGI, where a client can set it', () => {
  assert.equal(proxyHostFor('http://a.example/', { ...both, REQUEST_METHOD: 'GET' }), undefined);
  assert.equal(proxyHostFor('https://a.example/', { ...both, REQUEST_METHOD: 'GET' }), 'tls.proxy:3128');
});

test('NO_PROXY knows names, subdomains, ports, addresses, networks and everything', () => {
  const cases: [string, string, boolean][] = [
    ['foo.com', 'https://foo.com/', true],
    ['foo.com', 'https://bar.foo.com/', true],
    ['foo.com', 'https://barfoo.com/', false],
    ['.foo.com', 'https://foo.com/', false],
    ['.foo.com', 'https://bar.foo.com/', true],
    ['*.foo.com', 'https://bar.foo.com/', true],
    ['*.foo.com', 'https://foo.com/', false],
    ['FOO.com', 'https://foo.com/', true],
    ['foo.com:443', 'https://foo.com/', true],
    ['foo.com:444', 'https://foo.com/', false],
    ['foo.com:8080', 'http://foo.com:8080/', true],
    ['10.1.2.3', 'https://10.1.2.3/', true],
    ['10.1.2.3:5000', 'http://10.1.2.3:5000/', true],
    ['10.1.2.3:5000', 'http://10.1.2.3:5001/', false],
    ['10.0.0.0/8', 'https://10.200.1.1/', true],
    ['10.0.0.0/8', 'https://11.0.0.1/', false],
    ['10.0.0.0/8', 'https://ten.example/', false],
    ['fd00::/8', 'https://[fd12::1]/', true],
    ['fd12::1', 'https://[fd12::1]/', true],
    ['[fd12::1]:443', 'https://[fd12::1]/', true],
    ['10.0.0.0/99', 'https://10.0.0.1/', false],
    ['*', 'https://anything.example/', true],
    ['a.example, foo.com ,', 'https://foo.com/', true],
    [':443', 'https://foo.com/', false],
  ];
  for (const [list, url, isDirect] of cases) {
    assert.equal(proxyHostFor(url, { ...both, NO_PROXY: list }) === undefined, isDirect, `${list} and ${url}`);
  }
});

test('a proxy that cannot be used is an error that does not show its password', () => {
  for (const value of ['http://', 'socks5://user:hunter2@proxy:1080', 'http://user:hunter2@:bad:']) {
    assert.throws(
      () => proxyFor(new URL('https://a.example/'), { HTTPS_PROXY: value }),
      (error) => error instanceof ConfigError && error.code === 'PROXY_INVALID' && !error.message.includes('hunter2'),
      value,
    );
  }
});
