import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../test/support/error-code.ts';
import { decodeDocument, decodeString, optional } from '../base/decode.ts';
import { decodeAnyBytes, decodeInt64, decodeMessage, decodeRequest } from './proto-json.ts';

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

test('in requests of strangers unknown members are ignored, and a member twice is refused', () => {
  const decode = decodeRequest({ baseUrl: decodeString });
  assert.deepEqual(decode({ base_url: 'a', future: [1], __proto: 1 }, '$'), { baseUrl: 'a' });
  for (const value of [{ baseUrl: 'a', base_url: 'a' }, {}, [], null, 'a']) {
    assert.throws(() => decode(value, '$'), hasCode('JSON_SHAPE'), JSON.stringify(value));
  }
});

test('base64 of strangers is of either alphabet, padded or not, and still canonical', () => {
  for (const text of ['-_8=', '+/8=', '-_8', '+/8', '+_8']) {
    assert.deepEqual(decodeAnyBytes(text, '$'), Uint8Array.of(0xfb, 0xff), text);
  }
  assert.deepEqual(decodeAnyBytes('', '$'), new Uint8Array());
  for (const text of ['+/9', '+', '+/8==', '+/8 ', '+\n/8=', '=', '+=/8']) {
    assert.throws(() => decodeAnyBytes(text, '$'), hasCode('BASE64_MALFORMED'), text);
  }
});
