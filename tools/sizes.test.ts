import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkSizes } from './sizes.ts';

const lines = (count: number): string => 'const a = 1;\n'.repeat(count);
const functionOf = (count: number): string => `export const long = () => {\n${lines(count - 2)}};\n`;

const rulesOf = (path: string, text: string, exemptions = {}): readonly string[] =>
  checkSizes([{ path, text }], exemptions).map(({ rule }) => rule);

test('sizes: a file of 401 lines is too long, one of 400 is not', () => {
  assert.deepEqual(rulesOf('src/base/a.ts', lines(401)), ['file-size']);
  assert.deepEqual(rulesOf('src/base/a.ts', lines(400)), []);
});

test('sizes: a function of 61 lines is too long, one of 60 is not', () => {
  assert.deepEqual(rulesOf('src/base/a.ts', functionOf(61)), ['function-size']);
  assert.deepEqual(rulesOf('src/base/a.ts', functionOf(60)), []);
});

test('sizes: a method is named in its exemption', () => {
  const text = `export class A {\n  run() {\n${lines(70)}  }\n}\n`;
  assert.deepEqual(rulesOf('src/base/a.ts', text, { 'src/base/a.ts#run': 'because' }), []);
});

test('sizes: tests may be long', () => {
  assert.deepEqual(rulesOf('src/base/a.test.ts', lines(500)), []);
});

test('sizes: an exemption that exempts nothing fails', () => {
  assert.deepEqual(rulesOf('src/base/a.ts', lines(1), { 'src/base/a.ts': 'because' }), ['unused-exemption']);
});
