import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import {
  boolean,
  der,
  derChildrenOf,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
  setOf,
  tagged,
  utcTime,
} from '../../../test/support/der-writer.ts';
import { hasCode } from '../../../test/support/error-code.ts';
import { readOpenSslFile } from '../../../test/support/openssl-stamps.ts';
import {
  createTimestampAuthority,
  stampSignature,
} from '../../../test/support/virtual-sigstore/virtual-timestamp-authority.ts';
import type { TimestampRequest } from '../../../test/support/virtual-sigstore/virtual-timestamp-authority.ts';
import { isSameBytes } from '../../base/bytes.ts';
import { isErrorWithCode } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { hashOf } from '../../crypto/hash.ts';
import { parseTimestampResponse } from './timestamp.ts';

const now = new Date('2026-03-01T12:00:00Z');
const authority = createTimestampAuthority({ uri: 'https://tsa.test', organization: 'test', now, keyKind: 'p256' });
const signature = Buffer.from('a signature');
const stamp = (changes: Partial<TimestampRequest> = {}): Buffer =>
  stampSignature({ authority, ...changes }, signature, now);
const good = stamp();

const sha1 = sequence(oid('1.3.14.3.2.26'), nullValue());
const sha512 = sequence(oid('2.16.840.1.101.3.4.2.3'), nullValue());

test('a stamp says what existed and when, and who signed that', () => {
  const { info, content, signer, certificates } = parseTimestampResponse(good);
  assert.equal(info.imprint.hash, 'sha256');
  assert.ok(isSameBytes(info.imprint.value, hashOf('sha256', signature)));
  assert.deepEqual(info.instant, now);
  assert.equal(info.policy, '1.3.6.1.4.1.57264.2');
  assert.equal(signer.certificateName.kind, 'serial');
  assert.equal(signer.hash, 'sha256');
  assert.ok(isSameBytes(signer.contentDigest, hashOf('sha256', content)));
  assert.equal(signer.signedBytes[0], 0x31);
  assert.equal(certificates.length, 0);
});

test('stamps that OpenSSL made are read, in all their forms', () => {
  const imprint = readOpenSslFile('signature.bin');
  for (const [name, hash, certificates, ids] of [
    ['p256', 'sha256', 0, ['sha256']],
    ['p256-embedded', 'sha256', 1, ['sha256']],
    ['p384-talkative', 'sha384', 2, ['sha512']],
    ['rsa', 'sha256', 0, ['sha256']],
    ['rsa-embedded', 'sha512', 1, ['sha1']],
  ] as const) {
    const token = parseTimestampResponse(readOpenSslFile(`${name}.tsr`));
    assert.ok(isSameBytes(token.info.imprint.value, hashOf(hash, imprint)), name);
    assert.equal(token.certificates.length, certificates, name);
    assert.deepEqual(
      token.signer.certificateHashes.map((each) => each.hash),
      ids,
      name,
    );
  }
});

test('fractions of a second are kept', () => {
  const { info, content } = parseTimestampResponse(readOpenSslFile('p384-talkative.tsr'));
  const [, fraction = '0'] = /\d{14}\.(\d+)Z/.exec(Buffer.from(content).toString('latin1')) ?? [];
  assert.equal(info.instant.getUTCMilliseconds(), Number(fraction.padEnd(3, '0')));
});

test('an answer that grants no stamp is not one', () => {
  assert.throws(() => parseTimestampResponse(readOpenSslFile('rejected.tsr')), hasCode('TIMESTAMP_MALFORMED'));
});

const [status, contentInfo] = derChildrenOf(good) as [Buffer, Buffer];
const replaced =
  (at: number, ...values: readonly Buffer[]): ((usual: readonly Buffer[]) => readonly Buffer[]) =>
  (usual) =>
    usual.toSpliced(at, 1, ...values);
const added =
  (...values: readonly Buffer[]): ((usual: readonly Buffer[]) => readonly Buffer[]) =>
  (usual) => [...usual, ...values];
const infoWith =
  (at: number, ...values: readonly Buffer[]): ((info: Buffer) => Buffer) =>
  (info) =>
    sequence(...derChildrenOf(info).toSpliced(at, 1, ...values));

const malformed: Readonly<Record<string, () => Buffer>> = {
  'bytes after the end': () => Buffer.concat([good, Buffer.from([0])]),
  'a status beyond granted': () => stamp({ status: 2 }),
  'a failure beside a grant': () => sequence(sequence(integer(0), der(0x03, Buffer.from([7, 0x80]))), contentInfo),
  'no stamp at all': () => sequence(status),
  'a length that no memory holds': () => Buffer.from('30847fffffff3003020100', 'hex'),
  'an indefinite length': () => Buffer.concat([Buffer.from([0x30, 0x80]), status, contentInfo, Buffer.from([0, 0])]),
  'signed data of another version': () => stamp({ signedData: replaced(0, integer(1)) }),
  'an announced hash that was not used': () => stamp({ signedData: replaced(1, der(0x31, sha512)) }),
  'an announced SHA-1': () => stamp({ signedData: replaced(1, der(0x31, sha1)) }),
  'content of another type': () =>
    stamp({
      signedData: replaced(2, sequence(oid('1.2.840.113549.1.7.1'), tagged(0, octetString(Buffer.from([5, 0]))))),
    }),
  'a certificate of another kind': () => stamp({ signedData: replaced(3, tagged(0, tagged(1))) }),
  'a certificate that is none': () => stamp({ embedded: [sequence(integer(1))] }),
  'more certificates than a chain has': () =>
    stamp({ embedded: Array.from({ length: limits.chainCertificates + 1 }, () => authority.chain[0] as Buffer) }),
  'revocation lists': () => stamp({ signedData: (usual) => usual.toSpliced(4, 0, tagged(1)) }),
  'no signer': () => stamp({ signedData: replaced(4, der(0x31)) }),
  'two signers': () =>
    stamp({
      signedData: (usual) => [
        ...usual.slice(0, 4),
        der(0x31, ...derChildrenOf(usual[4] as Buffer), signerInfoOf(good)),
      ],
    }),
  'a signer of another version': () => stamp({ signerInfo: replaced(0, integer(3)) }),
  'a signer that hashes with SHA-1': () => stamp({ signerInfo: replaced(2, sha1) }),
  'no signed attributes': () => stamp({ signerInfo: replaced(3) }),
  'unsigned attributes': () => stamp({ signerInfo: added(tagged(1, sequence(oid('1.2.3'), setOf(integer(1))))) }),
  'no content type': () => stamp({ attributes: replaced(0) }),
  'a content type of something else': () =>
    stamp({ attributes: replaced(0, sequence(oid('1.2.840.113549.1.9.3'), setOf(oid('1.2.840.113549.1.7.1')))) }),
  'no message digest': () => stamp({ attributes: replaced(2) }),
  'two message digests': () => stamp({ attributes: (usual) => [...usual, usual[2] as Buffer] }),
  'a message digest with two values': () =>
    stamp({
      attributes: replaced(2, sequence(oid('1.2.840.113549.1.9.4'), setOf(octetString(signature), octetString(good)))),
    }),
  'no certificate that is signed': () => stamp({ attributes: replaced(3) }),
  'more attributes than any stamp has': () =>
    stamp({
      attributes: added(...Array.from({ length: 20 }, (_, at) => sequence(oid(`1.2.3.${at}`), setOf(integer(1))))),
    }),
  'a statement of another version': () => stamp({ info: infoWith(0, integer(2)) }),
  'an imprint by SHA-1': () => stamp({ info: infoWith(2, sequence(sha1, octetString(Buffer.alloc(20)))) }),
  'an imprint that is too short for its hash': () =>
    stamp({ info: infoWith(2, sequence(sha512, octetString(Buffer.alloc(32)))) }),
  'a time of two-digit years': () => stamp({ info: infoWith(4, utcTime(now)) }),
  'a time that does not exist': () => stamp({ info: infoWith(4, der(0x18, Buffer.from('20260231120000Z'))) }),
  'a critical extension': () =>
    stamp({
      info: (info) =>
        sequence(...derChildrenOf(info), tagged(1, sequence(oid('1.2.3'), boolean(true), octetString(good)))),
    }),
  'an imprint of three members': () =>
    stamp({ info: (info) => sequence(...derChildrenOf(info).with(2, sequence(...imprintOf(info), nullValue()))) }),
  'an extension of three members': () =>
    stamp({
      info: (info) =>
        sequence(...derChildrenOf(info), tagged(1, sequence(oid('1.2.3'), octetString(good), nullValue()))),
    }),
  'a member too many': () => stamp({ info: (info) => sequence(...derChildrenOf(info), integer(1)) }),
};

for (const [what, make] of Object.entries(malformed)) {
  test(`a stamp with ${what} is malformed`, () => {
    assert.throws(() => parseTimestampResponse(make()), hasCode('TIMESTAMP_MALFORMED'));
  });
}

test('an extension that is not critical changes nothing', () => {
  const extension = tagged(1, sequence(oid('1.2.3'), octetString(signature)));
  parseTimestampResponse(stamp({ info: (info) => sequence(...derChildrenOf(info), extension) }));
});

test('a status with words, as some authorities send it, is read', () => {
  const words = sequence(der(0x0c, Buffer.from('Operation Okay')));
  parseTimestampResponse(sequence(sequence(integer(1), words), contentInfo));
});

test('a stamp beyond the cap is not looked at', () => {
  const large = octetString(Buffer.alloc(limits.timestampBytes));
  assert.throws(() => parseTimestampResponse(large), hasCode('INPUT_TOO_LARGE'));
});

test('bytes that were changed at random never do more than make a stamp malformed', () => {
  const seeds = ['p256-embedded', 'p384-talkative', 'rsa'].map((name) => readOpenSslFile(`${name}.tsr`));
  const change = fc.record({ at: fc.nat(), value: fc.integer({ min: 0, max: 255 }) });
  fc.assert(
    fc.property(fc.constantFrom(...seeds), fc.array(change, { minLength: 1, maxLength: 4 }), (seed, changes) => {
      const bytes = Uint8Array.from(seed);
      for (const { at, value } of changes) bytes[at % bytes.length] = value;
      try {
        parseTimestampResponse(bytes);
      } catch (error) {
        if (!isErrorWithCode(error, 'TIMESTAMP_MALFORMED')) throw error;
      }
    }),
    { numRuns: 3000 },
  );
});

function imprintOf(info: Buffer): readonly Buffer[] {
  return derChildrenOf(derChildrenOf(info)[2] as Buffer);
}

function signerInfoOf(response: Buffer): Buffer {
  const last = (element: Buffer): Buffer => derChildrenOf(element).at(-1) as Buffer;
  // TimeStampResp, ContentInfo, [0], SignedData, SET
  return last(last(last(last(last(response)))));
}
