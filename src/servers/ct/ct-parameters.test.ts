import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { requireCount, requireHash } from './ct-parameters.ts';

const isMalformed = hasCode('REQUEST_PARAMETER_MALFORMED');
const urlOf = (query: string): URL => new URL(`http://log.test/?${query}`);

test('a number is read in its one spelling', () => {
  assert.equal(requireCount(urlOf('n=0'), 'n'), 0n);
  assert.equal(requireCount(urlOf('n=999999999999999999'), 'n'), 999_999_999_999_999_999n);
  for (const text of ['', '-1', '+1', '01', '1.0', '1e3', '0x1', ' 1', 'NaN', 'Infinity', '1000000000000000000', '١']) {
    assert.throws(() => requireCount(urlOf(`n=${encodeURIComponent(text)}`), 'n'), isMalformed, text);
  }
});

test('a hash is read, also where its plus signs were not escaped', () => {
  const hash = new Uint8Array(32).fill(0xfb);
  const text = Buffer.from(hash).toString('base64');
  assert.ok(text.includes('+'));
  assert.deepEqual(requireHash(urlOf(`h=${encodeURIComponent(text)}`), 'h'), hash);
  assert.deepEqual(requireHash(urlOf(`h=${text}`), 'h'), hash);
  for (const wrong of ['', 'AQ==', text.slice(0, -1), `${text}AAAA`, text.replaceAll('+', '-')]) {
    assert.throws(() => requireHash(urlOf(`h=${encodeURIComponent(wrong)}`), 'h'), isMalformed, wrong);
  }
});

test('a parameter that is missing or given twice is malformed', () => {
  assert.throws(() => requireCount(urlOf('m=1'), 'n'), isMalformed);
  assert.throws(() => requireCount(urlOf('n=1&n=1'), 'n'), isMalformed);
});
