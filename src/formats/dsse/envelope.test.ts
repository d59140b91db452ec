import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { hasCode } from '../../../test/support/error-code.ts';
import { parseUtf8, utf8Of } from '../../base/bytes.ts';
import { decodeEnvelope, envelopeJsonOf, preAuthEncodingOf } from './envelope.ts';

const envelope = fc.record(
  {
    payloadType: fc.string({ unit: 'binary' }),
    payload: fc.uint8Array(),
    signatures: fc.array(fc.uint8Array(), { maxLength: 3 }),
  },
  { noNullPrototype: true },
);

test('the pre-authentication encoding is the one of the specification', () => {
  const encoding = preAuthEncodingOf('http://example.com/HelloWorld', utf8Of('hello world'));
  assert.equal(parseUtf8(encoding), 'DSSEv1 29 http://example.com/HelloWorld 11 hello world');
  assert.equal(parseUtf8(preAuthEncodingOf('ö', utf8Of('ü'))), 'DSSEv1 2 ö 2 ü');
});

test('two envelopes never have one encoding', () => {
  fc.assert(
    fc.property(envelope, envelope, (a, b) => {
      const isSame = a.payloadType === b.payloadType && Buffer.from(a.payload).equals(b.payload);
      const isSameEncoding = Buffer.from(preAuthEncodingOf(a.payloadType, a.payload)).equals(
        preAuthEncodingOf(b.payloadType, b.payload),
      );
      assert.equal(isSameEncoding, isSame);
    }),
  );
  assert.notDeepEqual(preAuthEncodingOf('a 1', utf8Of('b')), preAuthEncodingOf('a', utf8Of('1 1 b')));
});

test('an envelope reads back; key ids are dropped', () => {
  fc.assert(
    fc.property(envelope, (value) => {
      const { signatures, ...rest } = envelopeJsonOf(value);
      assert.deepEqual(
        decodeEnvelope({ ...rest, signatures: signatures.map((each) => ({ ...each, keyid: 'k' })) }, '$'),
        value,
      );
    }),
  );
});

test('envelopes of another shape are refused', () => {
  const good = { payloadType: 't', payload: '', signatures: [{ sig: 'AQ==' }] };
  assert.throws(() => decodeEnvelope({ ...good, payload: 'AQ' }, '$'), hasCode('BASE64_MALFORMED'));
  assert.throws(() => decodeEnvelope({ ...good, signatures: {} }, '$'), hasCode('JSON_SHAPE'));
  assert.throws(() => decodeEnvelope({ ...good, payloadType: 1 }, '$'), hasCode('JSON_SHAPE'));
  assert.throws(() => decodeEnvelope({ ...good, signatures: [{}] }, '$'), hasCode('JSON_SHAPE'));
});
