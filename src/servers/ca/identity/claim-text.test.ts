import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../../test/support/error-code.ts';
import { claimTextOf } from './claim-text.ts';

test('claims of ordinary kinds have a text, and only those of the token itself', () => {
  const claims = { text: 'a', empty: '', count: 7, part: 1.5, yes: true, nothing: null, list: ['a'], inside: {} };
  const names = ['text', 'empty', 'count', 'part', 'yes', 'nothing', 'constructor', '__proto__'];
  assert.deepEqual(
    names.map((name) => claimTextOf(claims, name)),
    ['a', '', '7', '1.5', 'true', undefined, undefined, undefined],
  );
  for (const name of ['list', 'inside']) assert.throws(() => claimTextOf(claims, name), hasCode('TOKEN_CLAIMS'), name);
});
