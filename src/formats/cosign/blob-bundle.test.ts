import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { readVector, vectorPublicKey } from '../../../test/support/vectors.ts';
import { base64Of, parseUtf8, utf8Of } from '../../base/bytes.ts';
import type { ErrorCode } from '../../base/catalogue.ts';
import { encodePem } from '../../crypto/pem.ts';
import { keyMaterialOf } from '../signature-material.ts';
import { encodeBlobBundle, parseBlobBundle } from './blob-bundle.ts';

const der = new Uint8Array([0x30, 0]);
const certificate = encodePem({ label: 'CERTIFICATE', bytes: der });

test('the bundle of cosign reads, and is written back byte for byte', () => {
  for (const name of ['cosign-2', 'p384', 'rsa2048', 'ed25519']) {
    const bytes = readVector(`blobs/${name}.2.legacy.json`);
    const { signature, signer, content } = parseBlobBundle(bytes, name);
    assert.deepEqual({ signer, content }, { signer: { kind: 'none' }, content: { kind: 'message' } });
    assert.equal(
      parseUtf8(encodeBlobBundle(signature, keyMaterialOf(vectorPublicKey('cosign-2')))),
      parseUtf8(bytes).trimEnd(),
    );
    assert.equal(base64Of(signature), parseUtf8(readVector(`blobs/${name}.2.sig`)).trimEnd());
  }
});

test('a certificate is read in the three spellings that cosign wrote; a key stays a claim', () => {
  const read = (cert: string): unknown =>
    parseBlobBundle(utf8Of(JSON.stringify({ base64Signature: 'AQ==', cert })), '').signer;
  for (const cert of [base64Of(utf8Of(certificate)), certificate, base64Of(der)]) {
    assert.deepEqual(read(cert), { kind: 'certificate', chain: [der] });
  }
  const pem = parseUtf8(readVector('keys/cosign-2.pub'));
  assert.deepEqual(read(base64Of(utf8Of(pem))), { kind: 'embedded-key', pem });
});

test('a log entry is read, and needs a promise', () => {
  const body = base64Of(utf8Of('{"kind":"hashedrekord","apiVersion":"0.0.1"}'));
  const payload = { body, integratedTime: 1, logIndex: 2, logID: '00'.repeat(32) };
  const read = (rekorBundle: unknown): ReturnType<typeof parseBlobBundle> =>
    parseBlobBundle(utf8Of(JSON.stringify({ base64Signature: 'AQ==', rekorBundle })), '');
  const { logEntries, logEvidence } = read({ SignedEntryTimestamp: 'AQ==', Payload: payload });
  assert.deepEqual([logEntries.map(({ logIndex }) => logIndex), logEvidence], [[2n], 'promise']);
  assert.deepEqual(read(null).logEntries, []);
  assert.throws(() => read({}), hasCode('JSON_SHAPE'));
});

test('broken bundles are refused', () => {
  const cases: readonly (readonly [string, ErrorCode])[] = [
    ['', 'JSON_MALFORMED'],
    ['{}', 'JSON_SHAPE'],
    ['{"base64Signature":""}', 'BUNDLE_MALFORMED'],
    ['{"base64Signature":"AQ"}', 'BASE64_MALFORMED'],
    ['{"base64Signature":"AQ==","cert":"?"}', 'BASE64_MALFORMED'],
    ['{"base64Signature":"AQ==","cert":"AQ=="}', 'PEM_MALFORMED'],
    ['{"base64Signature":"AQ==","cert":"-----BEGIN"}', 'PEM_MALFORMED'],
  ];
  for (const [text, code] of cases) {
    assert.throws(() => parseBlobBundle(utf8Of(text), ''), hasCode(code), text);
  }
});
