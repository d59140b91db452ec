import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseByteRange } from './byte-range.ts';

const whole = undefined;
const table: readonly (readonly [string | undefined, number, ReturnType<typeof parseByteRange>])[] = [
  ['bytes=0-0', 10, { first: 0, last: 0 }],
  ['bytes=2-5', 10, { first: 2, last: 5 }],
  ['bytes=2-', 10, { first: 2, last: 9 }],
  ['bytes=2-99', 10, { first: 2, last: 9 }],
  ['bytes=-3', 10, { first: 7, last: 9 }],
  ['bytes=-99', 10, { first: 0, last: 9 }],
  ['bytes=10-', 10, 'unsatisfiable'],
  ['bytes=5-2', 10, 'unsatisfiable'],
  ['bytes=-0', 10, 'unsatisfiable'],
  ['bytes=0-', 0, 'unsatisfiable'],
  ['bytes=-1', 0, 'unsatisfiable'],
  [undefined, 10, whole],
  ['bytes=-', 10, whole],
  ['bytes=0-1,4-5', 10, whole],
  ['items=0-1', 10, whole],
  ['bytes=0x1-2', 10, whole],
  ['bytes=0-99999999999999999999', 10, whole],
];

test('one range of bytes is read, what lies outside is told, and everything else means the whole', () => {
  for (const [header, size, expected] of table) {
    assert.deepEqual(parseByteRange(header, size), expected, `${header} of ${size}`);
  }
});
