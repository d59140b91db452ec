import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hexOf, parseHex } from '../../base/bytes.ts';
import { contentOf, parseDer } from '../../crypto/der.ts';
import { digitallySigned, encodeSct, sctJsonOf } from './issued-sct.ts';
import { encodeSctList, parseSctList } from './sct-list.ts';
import { leafIndexExtensionOf } from './timestamped-entry.ts';
import { vectorOf } from './tls-writer.ts';

const logId = new Uint8Array(32).fill(7);
const sct = {
  logId,
  timestamp: new Date(0x18e57c007a6),
  extensions: leafIndexExtensionOf(0x70n),
  signature: digitallySigned(parseHex('3006020101020102')),
};

test('a timestamp is written as certificates embed it, with the place of its entry', () => {
  const parts = [
    '00',
    '07'.repeat(32),
    '0000018e57c007a6',
    '0008',
    '0000050000000070',
    '0403',
    '0008',
    '3006020101020102',
  ];
  assert.equal(hexOf(encodeSct(sct)), parts.join(''));
});

test('the list of an extension is read back', () => {
  const list = contentOf(parseDer(encodeSctList([encodeSct(sct), encodeSct(sct)]), 0x04));
  const expected = { ...sct, hash: 'sha256', keyType: 'ecdsa', signature: parseHex('3006020101020102') };
  assert.deepEqual(parseSctList(list), [expected, expected]);
});

test('the answer of a log names the same members', () => {
  assert.deepEqual(sctJsonOf(sct), {
    sct_version: 0,
    id: Buffer.from(logId).toString('base64'),
    timestamp: 0x18e57c007a6,
    extensions: 'AAAFAAAAAHA=',
    signature: Buffer.from('040300083006020101020102', 'hex').toString('base64'),
  });
});

test('what does not fit the length of a vector is not written', () => {
  assert.throws(() => vectorOf(1, new Uint8Array(256)), RangeError);
});
