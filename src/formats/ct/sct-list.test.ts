import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { vectorCertificate, vectorDer } from '../../../test/support/x509-vectors.ts';
import { concatBytes, hexOf, parseHex } from '../../base/bytes.ts';
import { limits } from '../../base/limits.ts';
import { hashOf } from '../../crypto/hash.ts';
import { parseSctList, sctsOf } from './sct-list.ts';

const isMalformed = hasCode('CERTIFICATE_MALFORMED');

function vector(content: Uint8Array): Uint8Array {
  return concatBytes([new Uint8Array([content.length >> 8, content.length & 0xff]), content]);
}

const logId = new Uint8Array(32).fill(7);
const body = {
  head: concatBytes([new Uint8Array([0]), logId]),
  time: parseHex('0000018e57c007a6'),
  tail: parseHex('000004030002abcd'),
};
const whole = concatBytes([body.head, body.time, body.tail]);

test('the members of a timestamp are read', () => {
  const [sct, ...others] = parseSctList(vector(vector(whole)));
  assert.deepEqual(others, []);
  assert.deepEqual(sct, {
    logId,
    timestamp: new Date(0x18e57c007a6),
    extensions: new Uint8Array(),
    hash: 'sha256',
    keyType: 'ecdsa',
    signature: parseHex('abcd'),
  });
});

test('the timestamps of a certificate are read in its order', () => {
  const scts = sctsOf(vectorCertificate('issuing/logged-twice')) ?? [];
  const ids = ['ct-static', 'ct-log'].map((name) => hexOf(hashOf('sha256', vectorDer(name))));
  assert.deepEqual(
    scts.map((sct) => hexOf(sct.logId)),
    ids,
  );
  assert.deepEqual(
    scts.map(({ extensions }) => hexOf(extensions)),
    ['0000050000000001', ''],
  );
  assert.equal(sctsOf(vectorCertificate('issuing/good')), undefined);
});

test('a list that is not exactly what its lengths say is refused', () => {
  const lists: Readonly<Record<string, Uint8Array>> = {
    nothing: new Uint8Array(),
    'an empty list': parseHex('0000'),
    'an empty timestamp': vector(vector(new Uint8Array())),
    'a byte after the list': concatBytes([vector(vector(whole)), new Uint8Array(1)]),
    'a byte after a timestamp': vector(vector(concatBytes([whole, new Uint8Array(1)]))),
    'half a length': vector(concatBytes([vector(whole), new Uint8Array(1)])),
    'version 2': vector(vector(concatBytes([new Uint8Array([1]), whole.subarray(1)]))),
    'a time beyond all dates': vector(vector(concatBytes([body.head, parseHex('7fffffffffffffff'), body.tail]))),
    'too many': vector(concatBytes(Array.from({ length: limits.certificateTimestamps + 1 }, () => vector(whole)))),
  };
  for (const [name, list] of Object.entries(lists)) {
    assert.throws(() => parseSctList(list), isMalformed, name);
  }
  for (let length = 0; length < whole.length; length += 1) {
    assert.throws(() => parseSctList(vector(vector(whole.subarray(0, length)))), isMalformed, `${length} bytes`);
  }
});
