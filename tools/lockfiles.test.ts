import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkLockfile } from './lockfiles.ts';

const rulesOf = (entry: object): readonly string[] =>
  checkLockfile('package-lock.json', JSON.stringify({ packages: { '': {}, 'node_modules/a': entry } })).map(
    ({ rule }) => rule,
  );

test('lockfiles: an entry with only a hash passes', () => {
  assert.deepEqual(rulesOf({ version: '1.0.0', integrity: 'sha512-AAAA' }), []);
});

test('lockfiles: an address is refused', () => {
  assert.deepEqual(rulesOf({ integrity: 'sha512-AAAA', resolved: 'https://example.com/a.tgz' }), ['lockfile-address']);
});

test('lockfiles: an entry without a hash is refused', () => {
  assert.deepEqual(rulesOf({ version: '1.0.0' }), ['lockfile-hash']);
});

test('lockfiles: a package for another platform that npm forgot is missed', () => {
  assert.deepEqual(rulesOf({ integrity: 'sha512-AAAA', optionalDependencies: { b: '1.0.0' } }), ['lockfile-platform']);
});
