import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { printableOf } from '../base/printable.ts';
import { harmlessJsonOf } from './output.ts';

test('JSON means the same after its characters were made harmless', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const shown = harmlessJsonOf(JSON.stringify({ text }));
      assert.deepEqual(JSON.parse(shown), { text });
      assert.doesNotMatch(shown, /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/);
    }),
  );
});

test('JSON shows no character that other outputs would escape', () => {
  const text = 'a\u00adb\u034fc\u180ed\ufe0fe\u{e0041}f\u{e0100}\u202e\u0085';
  const shown = harmlessJsonOf(JSON.stringify({ text }));
  assert.equal(printableOf(shown), shown);
  assert.deepEqual(JSON.parse(shown), { text });
});
