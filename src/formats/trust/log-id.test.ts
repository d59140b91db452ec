import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createVirtualKey } from '../../../test/support/virtual-sigstore/virtual-key.ts';
import { base64Of, hexOf } from '../../base/bytes.ts';
import { parsePublicKey } from '../../crypto/public-key.ts';
import { logIdOf, originsOf } from './log-id.ts';

test('the id of an ECDSA log is the hash of its key, with a name or without', () => {
  const key = parsePublicKey(createVirtualKey('p384').spki);
  assert.equal(hexOf(logIdOf(key)), key.fingerprint);
  assert.equal(hexOf(logIdOf(key, 'log.example.com')), key.fingerprint);
});

// Public: the key and id of log2025-1.rekor.sigstore.dev.
const ED25519_KEY = 'MCowBQYDK2VwAyEAt8rlp1knGwjfbcXAYPYAkn0XiLz1x8O4t0YkEhie244=';
// Made by: openssl genrsa 2048 | openssl rsa -pubout -out rsa.pub, and the id of it by cosign 3.1:
// cosign trusted-root create --rekor url=https://r.test,public-key=rsa.pub,start-time=2026-01-01T00:00:00Z,origin=r.test
const RSA_KEY =
  'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA7CSLvErOGcrlGum2+wJwGw3lXxv4VpV7BzdjhU87frPvXA/BqB/OmH0oCqPpKP8bZVIl' +
  'Ek0ZjZNuJbEVVi9kMMaGkfK+jsQ9pR32fTVWG+PM44vdmpHY+bE0nlDUNJQB3U9huU096zrNAelYxi2scKqrLP9qoaLZqMf1Jxjzj3roRC42pbrm' +
  'QDs3xsT8Nt/uxTmRRum8Ge6W2hWd4SEQ2TSL+0OKXKyYtzf7nrkbB1NUPacm2esjTxRgGEbDSNspIxTVmAE0DHtHF5LXhWVqDYWBbuVwz0cyntwH' +
  'dSndquAzC5nG5wVso/0TE2tnbDx/objDn9Fw1CdOkDz0P6i/hQIDAQAB';

test('the id of a log whose key needs a name is the hash of both', () => {
  const ed25519 = parsePublicKey(Buffer.from(ED25519_KEY, 'base64'));
  assert.equal(
    base64Of(logIdOf(ed25519, 'log2025-1.rekor.sigstore.dev')),
    'zxGZFVvd0FEmjR8WrFwMdcAJ9vtaY/QXf44Y1wUeP6A=',
  );
  const rsa = parsePublicKey(Buffer.from(RSA_KEY, 'base64'));
  assert.equal(base64Of(logIdOf(rsa, 'r.test')), 'sKongSqoDOQ4yLfxe7OsgjOPmehLKL48C9PW0hMgiHk=');
  for (const key of [ed25519, rsa]) assert.equal(hexOf(logIdOf(key)), key.fingerprint);
});

test('an address names the origins that a log there may have', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['https://rekor.example.com', ['rekor.example.com']],
    ['https://rekor.example.com/', ['rekor.example.com']],
    ['http://127.0.0.1:3003', ['127.0.0.1', '127.0.0.1:3003']],
    ['https://example.com:8443/logs/2026/', ['example.com', 'example.com:8443', 'example.com:8443/logs/2026']],
    ['example.com/log', ['example.com', 'example.com/log']],
    ['http://[::1]:3000', ['::1', '[::1]:3000']],
    ['', []],
  ];
  for (const [baseUrl, origins] of cases) assert.deepEqual(originsOf(baseUrl), origins, baseUrl);
});
