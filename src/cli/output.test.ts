import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { jsonTextOf } from './output.ts';

test('a JSON report means the same after its characters were made harmless', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const shown = jsonTextOf({ text });
      assert.deepEqual(JSON.parse(shown), {
        text: text.toWellFormed() === text ? text : (JSON.parse(JSON.stringify(text)) as string),
      });
      assert.doesNotMatch(shown, /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/);
    }),
  );
});
