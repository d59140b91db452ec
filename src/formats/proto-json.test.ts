import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../test/support/error-code.ts';
import { decodeDocument, decodeString, optional } from '../base/decode.ts';
import { decodeInt64, decodeMessage } from './proto-json.ts';

const decode = decodeMessage({ logIndex: decodeInt64, baseUrl: optional(decodeString) });
const read = (value: unknown): unknown => decodeDocument(value, decode, 'message');

test('both spellings of a member are the same member, and nothing else is one', () => {
  assert.deepEqual(read({ logIndex: '1', baseUrl: 'a' }), { logIndex: 1n, baseUrl: 'a' });
  assert.deepEqual(read({ log_index: 1, base_url: null }), { logIndex: 1n });
  for (const value of [
    { logIndex: 1, log_index: 1 },
    { logIndex: 1, logindex: 1 },
    { logIndex: 1, __proto: 1 },
    [],
    null,
  ]) {
    assert.throws(() => read(value), hasCode('JSON_SHAPE'), JSON.stringify(value));
  }
});

test('64-bit numbers are whole, canonical and not negative', () => {
  assert.deepEqual(read({ logIndex: '9223372036854775807' }), { logIndex: 9223372036854775807n });
  for (const value of ['9223372036854775808', '-1', -1, '01', '', '1e3', 1.5, 2 ** 53, true, ' 1']) {
    assert.throws(() => read({ logIndex: value }), hasCode('JSON_SHAPE'), String(value));
  }
});
