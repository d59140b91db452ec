import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { readVector, vectorPublicKey } from '../../../test/support/vectors.ts';
import { parseUtf8, utf8Of } from '../../base/bytes.ts';
import type { ErrorCode } from '../../base/catalogue.ts';
import { hashOf } from '../../crypto/hash.ts';
import { publicKeyHintOf } from '../../crypto/public-key.ts';
import { encodeBundle, parseBundle } from './bundle.ts';

type Json = Record<string, unknown>;
const imageBundle = JSON.parse(parseUtf8(readVector('images/bundle.json'))) as Json;
const blobBundle = JSON.parse(parseUtf8(readVector('blobs/cosign-2.3.json'))) as Json;
const parseJsonBundle = (value: unknown): ReturnType<typeof parseBundle> =>
  parseBundle(utf8Of(JSON.stringify(value)), 'here');
const withMaterial = (verificationMaterial: unknown, base: Json = imageBundle): Json => ({
  ...base,
  verificationMaterial,
});
const certificate = { rawBytes: 'MAA=' };

test('bundles of images are byte for byte what cosign 3 writes', () => {
  for (const [name, key] of Object.entries({
    bundle: 'cosign-3',
    'bundle-annotated': 'cosign-3',
    'bundle-p384': 'p384',
    'bundle-rsa4096': 'rsa4096',
  })) {
    const bytes = readVector(`images/${name}.json`);
    const { content, signature, signer } = parseBundle(bytes, name);
    assert.ok(content.kind === 'dsse');
    assert.deepEqual(signer, { kind: 'public-key', hint: publicKeyHintOf(vectorPublicKey(key)) });
    assert.equal(parseUtf8(encodeBundle(vectorPublicKey(key), content, signature)), parseUtf8(bytes), name);
  }
});

test('bundles of files are byte for byte what cosign 3 writes, and those of cosign 2.5 read the same', () => {
  const sha256 = hashOf('sha256', readVector('blobs/hello.txt'));
  const bytes = readVector('blobs/cosign-2.3.json');
  const { content, signature } = parseBundle(bytes, '');
  assert.deepEqual(content, { kind: 'message', digest: { hash: 'sha256', value: sha256 } });
  assert.equal(
    parseUtf8(encodeBundle(vectorPublicKey('cosign-2'), { kind: 'message', sha256 }, signature)),
    parseUtf8(bytes),
  );
  for (const name of ['cosign-2.2', 'created.3']) {
    assert.deepEqual(parseBundle(readVector(`blobs/${name}.json`), '').content, content, name);
  }
});

test('every spelling of the three versions is read, and no other', () => {
  const prefix = 'application/vnd.dev.sigstore.bundle';
  for (const mediaType of [
    `${prefix}+json;version=0.1`,
    `${prefix}+json;version=0.2`,
    `${prefix}+json;version=0.3`,
    `${prefix}.v0.3+json`,
  ]) {
    assert.equal(parseJsonBundle({ ...imageBundle, mediaType }).form, 'bundle', mediaType);
  }
  for (const mediaType of [
    `${prefix}.v0.1+json`,
    `${prefix}.v0.4+json`,
    `${prefix}+json`,
    `${prefix}+json; version=0.3`,
    `${prefix}+json;version=0.4`,
    '',
    'constructor',
  ]) {
    assert.throws(() => parseJsonBundle({ ...imageBundle, mediaType }), hasCode('BUNDLE_UNSUPPORTED'), mediaType);
  }
});

test('certificates are kept as a claim; a chain only before version 0.3', () => {
  const chain = { x509CertificateChain: { certificates: [certificate, certificate] } };
  const old = 'application/vnd.dev.sigstore.bundle+json;version=0.2';
  const der = new Uint8Array([0x30, 0]);
  assert.deepEqual(parseJsonBundle(withMaterial({ certificate })).signer, { kind: 'certificate', chain: [der] });
  assert.deepEqual(parseJsonBundle({ ...withMaterial(chain), mediaType: old }).signer, {
    kind: 'certificate',
    chain: [der, der],
  });
  assert.throws(() => parseJsonBundle(withMaterial(chain)), hasCode('BUNDLE_MALFORMED'));
});

test('log entries and timestamps are kept as stored', () => {
  const material = {
    publicKey: { hint: 'x' },
    tlogEntries: [{ logIndex: '1' }],
    timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: 'AQ==' }] },
  };
  const { logEntries, timestamps } = parseJsonBundle(withMaterial(material));
  assert.deepEqual({ logEntries, timestamps }, { logEntries: [{ logIndex: '1' }], timestamps: [new Uint8Array([1])] });
});

test('bundles that break a rule are refused', () => {
  const envelope = imageBundle['dsseEnvelope'] as Json;
  const message = blobBundle['messageSignature'] as Json;
  const { dsseEnvelope: _, ...contentless } = imageBundle;
  const sig = { sig: 'AQ==' };
  const cases: readonly (readonly [unknown, ErrorCode])[] = [
    [[], 'JSON_SHAPE'],
    [{}, 'JSON_SHAPE'],
    [{ ...imageBundle, verificationMaterial: undefined }, 'JSON_SHAPE'],
    [withMaterial({}), 'BUNDLE_MALFORMED'],
    [withMaterial({ publicKey: {}, certificate }), 'BUNDLE_MALFORMED'],
    [withMaterial({ publicKey: {}, tlogEntries: [1] }), 'JSON_SHAPE'],
    [
      withMaterial({ publicKey: {}, timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: '?' }] } }),
      'BASE64_MALFORMED',
    ],
    [withMaterial({ x509CertificateChain: { certificates: [] } }), 'BUNDLE_MALFORMED'],
    [contentless, 'BUNDLE_MALFORMED'],
    [{ ...imageBundle, messageSignature: message }, 'BUNDLE_MALFORMED'],
    [{ ...imageBundle, dsseEnvelope: { ...envelope, signatures: [] } }, 'BUNDLE_MALFORMED'],
    [{ ...imageBundle, dsseEnvelope: { ...envelope, signatures: [sig, sig] } }, 'BUNDLE_MALFORMED'],
    [{ ...imageBundle, dsseEnvelope: { ...envelope, signatures: [{ sig: '' }] } }, 'BUNDLE_MALFORMED'],
    [{ ...blobBundle, messageSignature: { ...message, signature: '' } }, 'BUNDLE_MALFORMED'],
    [
      { ...blobBundle, messageSignature: { ...message, messageDigest: { algorithm: 'SHA2_256', digest: 'AQ==' } } },
      'BUNDLE_MALFORMED',
    ],
    [
      { ...blobBundle, messageSignature: { ...message, messageDigest: { algorithm: 'MD5', digest: 'AQ==' } } },
      'BUNDLE_MALFORMED',
    ],
    [
      { ...blobBundle, messageSignature: { ...message, messageDigest: { algorithm: 'toString', digest: 'AQ==' } } },
      'BUNDLE_MALFORMED',
    ],
  ];
  for (const [value, code] of cases) {
    assert.throws(() => parseJsonBundle(value), hasCode(code), JSON.stringify(value).slice(0, 300));
  }
  assert.throws(() => parseBundle(new Uint8Array(17 * 1024 * 1024), ''), hasCode('INPUT_TOO_LARGE'));
});
