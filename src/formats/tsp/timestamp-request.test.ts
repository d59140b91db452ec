import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { boolean, der, integer, octetString, oid, sequence, tagged } from '../../../test/support/der-writer.ts';
import { hasCode } from '../../../test/support/error-code.ts';
import { hashOids, timestampQuery } from '../../../test/support/own-timestamps.ts';
import { hexOf, utf8Of } from '../../base/bytes.ts';
import { isErrorWithCode } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { encodeImprint, parseTimestampRequest, parseTimestampRequestJson } from './timestamp-request.ts';

const artifact = utf8Of('something that is signed');
const digest = new Uint8Array(32).fill(7);
const imprint = encodeImprint('sha256', digest);

function jsonOf(changes: object = {}): Uint8Array {
  const usual = { artifactHash: Buffer.from(digest).toString('base64'), hashAlgorithm: 'sha256' };
  return utf8Of(JSON.stringify({ ...usual, ...changes }));
}

test('all members of a request are read, and imprint and nonce as they are written', () => {
  const nonce = Buffer.from('ff00112233445566', 'hex');
  const query = timestampQuery(artifact, { digest, nonce, policy: '1.2.3.4', wantsCertificates: true });
  const request = parseTimestampRequest(query);
  assert.deepEqual(request, {
    imprint,
    policy: '1.2.3.4',
    nonce: new Uint8Array(integer(nonce)),
    wantsCertificates: true,
  });
});

test('what a request leaves out is not there, and certificates are not asked for', () => {
  const request = parseTimestampRequest(timestampQuery(artifact, { digest }));
  assert.deepEqual(request, { imprint, policy: undefined, nonce: undefined, wantsCertificates: false });
});

test('an imprint without parameters of its hash stays without', () => {
  const bare = sequence(sequence(oid(hashOids.sha384)), octetString(new Uint8Array(48)));
  assert.equal(hexOf(parseTimestampRequest(sequence(integer(1), bare)).imprint), bare.toString('hex'));
});

const malformed: Readonly<Record<string, Uint8Array>> = {
  nothing: new Uint8Array(),
  'another version': timestampQuery(artifact, { version: 2 }),
  'no imprint': sequence(integer(1)),
  'a hash that is too short': timestampQuery(artifact, { digest: new Uint8Array(31) }),
  'a hash of another algorithm': timestampQuery(artifact, { hashOid: hashOids.sha512 }),
  'members in another order': sequence(integer(1), imprint, integer(5), oid('1.2.3')),
  'a nonce that is not minimal': sequence(integer(1), imprint, der(0x02, new Uint8Array(2))),
  'a boolean of two bytes': sequence(integer(1), imprint, der(0x01, new Uint8Array(2))),
  'a member too many': sequence(integer(1), imprint, boolean(true), integer(1)),
  'a byte after the end': Buffer.concat([timestampQuery(artifact), Buffer.alloc(1)]),
};

for (const [what, query] of Object.entries(malformed)) {
  test(`a request with ${what} is malformed`, () => {
    assert.throws(() => parseTimestampRequest(query), hasCode('TIMESTAMP_REQUEST_MALFORMED'));
  });
}

test('SHA-1 and extensions are refused', () => {
  const refused = hasCode('TIMESTAMP_REQUEST_REFUSED');
  const sha1 = timestampQuery(artifact, { hashOid: hashOids.sha1, digest: new Uint8Array(20) });
  assert.throws(() => parseTimestampRequest(sha1), refused);
  const extension = tagged(0, sequence(oid('1.2.3'), octetString(new Uint8Array())));
  assert.throws(() => parseTimestampRequest(sequence(integer(1), imprint, extension)), refused);
});

test('a request beyond the cap is not looked at', () => {
  const large = sequence(integer(1), imprint, integer(new Uint8Array(limits.timestampRequestBytes).fill(1)));
  assert.throws(() => parseTimestampRequest(large), hasCode('INPUT_TOO_LARGE'));
  assert.throws(() => parseTimestampRequestJson(jsonOf({ x: large.toString('hex') })), hasCode('INPUT_TOO_LARGE'));
});

test('the JSON form says the same', () => {
  assert.deepEqual(
    parseTimestampRequestJson(jsonOf({ certificates: true, nonce: 1234, tsaPolicyOID: '1.2.3' })),
    parseTimestampRequest(
      timestampQuery(artifact, {
        digest,
        policy: '1.2.3',
        nonce: Buffer.from('04d2', 'hex'),
        wantsCertificates: true,
      }),
    ),
  );
});

test('the JSON form is as strict', () => {
  assert.throws(
    () => parseTimestampRequestJson(jsonOf({ hashAlgorithm: 'sha1' })),
    hasCode('TIMESTAMP_REQUEST_REFUSED'),
  );
  assert.throws(
    () => parseTimestampRequestJson(jsonOf({ hashAlgorithm: 'toString' })),
    hasCode('TIMESTAMP_REQUEST_REFUSED'),
  );
  assert.throws(
    () => parseTimestampRequestJson(jsonOf({ hashAlgorithm: 'sha512' })),
    hasCode('TIMESTAMP_REQUEST_MALFORMED'),
  );
  for (const changes of [
    { nonce: -1 },
    { nonce: 1.5 },
    { nonce: 2 ** 53 },
    { certificates: 'yes' },
    { artifactHash: 1 },
  ]) {
    assert.throws(() => parseTimestampRequestJson(jsonOf(changes)), hasCode('JSON_SHAPE'), JSON.stringify(changes));
  }
  assert.throws(() => parseTimestampRequestJson(jsonOf({ artifactHash: 'AQ' })), hasCode('BASE64_MALFORMED'));
});

test('bytes that were changed at random are read, or refused by a code of requests', () => {
  const seed = timestampQuery(artifact, { nonce: Buffer.from([1, 2]), policy: '1.2.3', wantsCertificates: true });
  const change = fc.record({ at: fc.nat(), value: fc.integer({ min: 0, max: 255 }) });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      const bytes = Uint8Array.from(seed);
      for (const { at, value } of changes) bytes[at % bytes.length] = value;
      try {
        parseTimestampRequest(bytes);
      } catch (error) {
        const isKnown =
          isErrorWithCode(error, 'TIMESTAMP_REQUEST_MALFORMED') || isErrorWithCode(error, 'TIMESTAMP_REQUEST_REFUSED');
        if (!isKnown) throw error;
      }
    }),
    { numRuns: 2000 },
  );
});
