import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isLoopbackHost } from './caller.ts';

test('only addresses and names that mean this machine count as loopback', () => {
  for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost', 'LOCALHOST', 'registry.localhost']) {
    assert.equal(isLoopbackHost(host), true, host);
  }
  const others = [
    '',
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '127.0.0.1.example.com',
    'localhost.example.com',
    'notlocalhost',
    '1127.0.0.1',
  ];
  for (const host of others) {
    assert.equal(isLoopbackHost(host), false, host);
  }
});
