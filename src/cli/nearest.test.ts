import assert from 'node:assert/strict';
import { test } from 'node:test';

import { nearestOf } from './nearest.ts';

test('a slip of the finger finds the name that was meant', () => {
  const names = ['verify', 'version', 'sign', 'sign-blob', 'tree'];
  for (const [typed, meant] of [
    ['verfiy', 'verify'],
    ['verison', 'version'],
    ['sgn', 'sign'],
    ['sign-blub', 'sign-blob'],
    ['three', 'tree'],
  ]) {
    assert.equal(nearestOf(typed ?? '', names), meant);
  }
});

test('what resembles nothing finds nothing', () => {
  assert.equal(nearestOf('frobnicate', ['verify', 'sign']), undefined);
  assert.equal(nearestOf('x', []), undefined);
});
