import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkErrorCodes } from './error-codes.ts';

const catalogue = { path: 'src/base/catalogue.ts', text: `export const catalogue = { A_CODE: 'A_CODE' };` };
const shipped = { path: 'src/base/a.ts', text: `throw new InputError('A_CODE', 'no');` };
const tested = { path: 'src/base/a.test.ts', text: `assert.throws(f, { code: 'A_CODE' });` };

const rulesOf = (...files: readonly { path: string; text: string }[]): readonly string[] =>
  checkErrorCodes(['A_CODE'], files).map(({ rule }) => rule);

test('error codes: one that the code raises and a test names passes', () => {
  assert.deepEqual(rulesOf(catalogue, shipped, tested), []);
});

test('error codes: one that only the catalogue and a test know is unused', () => {
  assert.deepEqual(rulesOf(catalogue, tested), ['unused-code']);
});

test('error codes: one that no test names is untested', () => {
  assert.deepEqual(rulesOf(catalogue, shipped), ['untested-code']);
});
