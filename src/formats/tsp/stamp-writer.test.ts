import assert from 'node:assert/strict';
import { test } from 'node:test';

import { derChildrenOf } from '../../../test/support/der-writer.ts';
import { issuers, leaf } from '../../../test/support/timestamp-question.ts';
import { hexOf, parseHex } from '../../base/bytes.ts';
import { integer } from '../../crypto/der-writer.ts';
import { schemes } from '../../crypto/key-algorithm.ts';
import { parseCertificate } from '../x509/certificate.ts';
import { encodeSignedAttributes, encodeStampInfo, encodeTimestampResponse, stampFrameOf } from './stamp-writer.ts';
import type { Statement } from './stamp-writer.ts';
import { encodeImprint } from './timestamp-request.ts';
import { parseTimestampResponse } from './timestamp.ts';

const certificate = parseCertificate(leaf);
const frame = stampFrameOf(
  certificate,
  issuers.map((der) => parseCertificate(der)),
  '1.3.6.1.4.1.57264.2',
  schemes['ecdsa-p256'].sha256,
);
const statement: Statement = {
  imprint: encodeImprint('sha256', new Uint8Array(32).fill(7)),
  nonce: undefined,
  serialNumber: Uint8Array.from({ length: 20 }, (_, at) => 0x41 + at),
  instant: new Date('2026-03-01T12:00:00.999Z'),
};

function responseOf(changes: Partial<Statement>, wantsCertificates = false): Uint8Array {
  const info = encodeStampInfo(frame, { ...statement, ...changes });
  const attributes = encodeSignedAttributes(frame, info, changes.instant ?? statement.instant);
  return encodeTimestampResponse(frame, {
    info,
    attributes,
    signature: parseHex('3006020101020102'),
    wantsCertificates,
  });
}

/** Tags of an element and of all in it: "30(02 30(06))". Names are not looked into. */
function outlineOf(element: Buffer): string {
  const [tag = 0] = element;
  const text = tag.toString(16).padStart(2, '0');
  const isName = element.equals(certificate.issuer) || element.equals(certificate.subject);
  return (tag & 0x20) === 0 || isName ? text : `${text}(${derChildrenOf(element).map(outlineOf).join(' ')})`;
}

test('a stamp has the layout of those of the public authority', () => {
  const algorithm = '30(06)';
  const attributes = [
    '30(06 31(06))',
    '30(06 31(17))',
    '30(06 31(04))',
    '30(06 31(30(30(30(04 30(30(a4(30)) 02))))))',
  ].join(' ');
  const signerInfo = `30(02 30(30 02) ${algorithm} a0(${attributes}) ${algorithm} 04)`;
  const signedData = `30(02 31(${algorithm}) 30(06 a0(04)) a0() 31(${signerInfo}))`;
  assert.equal(outlineOf(Buffer.from(responseOf({}))), `30(30(02) 30(06 a0(${signedData})))`);
});

test('what is stated has the layout of the public authority too, with the nonce where there is one', () => {
  const outline = (nonce: Uint8Array | undefined): string =>
    outlineOf(Buffer.from(encodeStampInfo(frame, { ...statement, nonce })));
  assert.equal(outline(undefined), '30(02 06 30(30(06 05) 04) 02 18 30(02) a0(a4(30)))');
  assert.equal(outline(integer(5)), '30(02 06 30(30(06 05) 04) 02 18 30(02) 02 a0(a4(30)))');
});

test('time is stated to the second, cut off and never ahead', () => {
  assert.deepEqual(parseTimestampResponse(responseOf({})).info.instant, new Date('2026-03-01T12:00:00Z'));
});

test('from 2050 the signing time is written with a year of four digits', () => {
  const instant = new Date('2050-01-01T00:00:00Z');
  const attributes = Buffer.from(encodeSignedAttributes(frame, new Uint8Array(), instant));
  assert.match(attributes.toString('latin1'), /\u0018\u000f20500101000000Z/);
  parseTimestampResponse(responseOf({ instant }));
});

test('the certificate that signs is named by issuer, serial number and hash, and comes along where it is wanted', () => {
  const { signer, certificates } = parseTimestampResponse(responseOf({}, true));
  assert.equal(signer.certificateName.kind, 'serial');
  assert.deepEqual(
    signer.certificateHashes.map(({ hash }) => hash),
    ['sha256'],
  );
  // The virtual authority's chain: the leaf, an intermediate, and the root, which stays behind.
  const expected = [leaf, ...issuers.slice(0, -1)].map((der) => hexOf(der));
  assert.deepEqual(
    certificates.map(({ der }) => hexOf(der)),
    expected,
  );
});
