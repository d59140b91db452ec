import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createStyle } from './style.ts';

test('colours are for terminals that want them', () => {
  const isColoured = (isTTY: boolean, environment: Record<string, string>): boolean =>
    createStyle({ isTTY }, environment).bad('x') !== 'x';
  assert.equal(isColoured(true, {}), true);
  assert.equal(isColoured(false, {}), false);
  assert.equal(isColoured(true, { NO_COLOR: '1' }), false);
  assert.equal(isColoured(true, { NO_COLOR: '' }), true);
  assert.equal(isColoured(true, { TERM: 'dumb' }), false);
});
