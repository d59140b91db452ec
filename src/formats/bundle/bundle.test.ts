import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { readVector, vectorPublicKey } from '../../../test/support/vectors.ts';
import { base64Of, parseUtf8, utf8Of } from '../../base/bytes.ts';
import type { ErrorCode } from '../../base/catalogue.ts';
import { hashOf } from '../../crypto/hash.ts';
import { publicKeyHintOf } from '../../crypto/public-key.ts';
import { keyMaterialOf } from '../signature-material.ts';
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
    assert.equal(
      parseUtf8(encodeBundle(keyMaterialOf(vectorPublicKey(key)), content, signature)),
      parseUtf8(bytes),
      name,
    );
  }
});

test('bundles of files are byte for byte what cosign 3 writes, and those of cosign 2.5 read the same', () => {
  const sha256 = hashOf('sha256', readVector('blobs/hello.txt'));
  const bytes = readVector('blobs/cosign-2.3.json');
  const { content, signature } = parseBundle(bytes, '');
  assert.deepEqual(content, { kind: 'message', digest: { hash: 'sha256', value: sha256 } });
  assert.equal(
    parseUtf8(encodeBundle(keyMaterialOf(vectorPublicKey('cosign-2')), { kind: 'message', sha256 }, signature)),
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

const entry = {
  logIndex: '12',
  logId: { keyId: base64Of(new Uint8Array(32)) },
  kindVersion: { kind: 'dsse', version: '0.0.1' },
  integratedTime: '1700000000',
  inclusionPromise: { signedEntryTimestamp: 'AQ==' },
  inclusionProof: {
    logIndex: '2',
    rootHash: 'Ag==',
    treeSize: '3',
    hashes: ['Aw=='],
    checkpoint: { envelope: 'note' },
  },
  canonicalizedBody: 'BA==',
};
const withEntries = (...tlogEntries: unknown[]): Json => withMaterial({ publicKey: {}, tlogEntries });
const distinct = (index: number): Json => ({
  ...entry,
  logIndex: `${index}`,
  canonicalizedBody: base64Of(new Uint8Array([index])),
});
const oldMediaType = 'application/vnd.dev.sigstore.bundle+json;version=0.2';
const withTimestamps = (...signed: string[]): Json =>
  withMaterial({
    publicKey: {},
    timestampVerificationData: { rfc3161Timestamps: signed.map((signedTimestamp) => ({ signedTimestamp })) },
  });

test('log entries and timestamps are read', () => {
  const material = {
    publicKey: { hint: 'x' },
    tlogEntries: [entry],
    timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: 'AQ==' }] },
  };
  const { logEntries, timestamps } = parseJsonBundle(withMaterial(material));
  const bytes = (octet: number): Uint8Array => new Uint8Array([octet]);
  assert.deepEqual(logEntries, [
    {
      logId: new Uint8Array(32),
      logIndex: 12n,
      kind: 'dsse',
      version: '0.0.1',
      integratedTime: 1_700_000_000n,
      body: bytes(4),
      promise: bytes(1),
      proof: { logIndex: 2n, treeSize: 3n, rootHash: bytes(2), hashes: [bytes(3)], checkpoint: 'note' },
    },
  ]);
  assert.deepEqual(timestamps, [bytes(1)]);
});

test('what is written is read back: certificate, log entries, timestamps', () => {
  const { logEntries, timestamps, content, signature } = parseJsonBundle(
    withMaterial({
      publicKey: {},
      tlogEntries: [entry, distinct(13)],
      timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: 'AQ==' }, { signedTimestamp: 'Ag==' }] },
    }),
  );
  assert.ok(content.kind === 'dsse');
  const chain = [new Uint8Array([0x30, 0]), new Uint8Array([0x30, 1])] as const;
  const bytes = encodeBundle({ signer: { kind: 'certificate', chain }, logEntries, timestamps }, content, signature);
  const read = parseBundle(bytes, '');
  assert.deepEqual(read.logEntries, logEntries);
  assert.deepEqual(read.timestamps, timestamps);
  // Bundles of this version hold the leaf alone.
  assert.deepEqual(read.signer, { kind: 'certificate', chain: [chain[0]] });
});

test('what protocol buffers leave out of an entry is zero; what is empty is not absent', () => {
  const { logId, kindVersion, canonicalizedBody } = entry;
  const sparse = { logId, kindVersion, canonicalizedBody };
  const read = (value: Json): unknown => parseJsonBundle(withEntries(value)).logEntries[0];
  const absent = { logIndex: 0n, integratedTime: undefined, promise: undefined, proof: undefined };
  assert.deepEqual(read(sparse), { ...absent, logId: new Uint8Array(32), ...kindVersion, body: new Uint8Array([4]) });
  assert.deepEqual(
    read({ ...sparse, integratedTime: '0', inclusionPromise: null, inclusionProof: null }),
    read(sparse),
  );
  const { promise, proof } = parseJsonBundle(
    withEntries({ ...sparse, inclusionPromise: {}, inclusionProof: { checkpoint: {} } }),
  ).logEntries[0] ?? { promise: undefined, proof: undefined };
  const [none, zero] = [new Uint8Array(), 0n];
  assert.deepEqual(promise, none);
  assert.deepEqual(proof, { logIndex: zero, treeSize: zero, rootHash: none, hashes: [], checkpoint: '' });
});

test('version 0.1 needs promises, later ones need proofs', () => {
  const prefix = 'application/vnd.dev.sigstore.bundle';
  const evidenceOf = (mediaType: string): unknown => parseJsonBundle({ ...imageBundle, mediaType }).logEvidence;
  assert.equal(evidenceOf(`${prefix}+json;version=0.1`), 'promise');
  assert.equal(evidenceOf(`${prefix}+json;version=0.2`), 'proof');
  assert.equal(evidenceOf(`${prefix}.v0.3+json`), 'proof');
});

test('two entries of one log, and one body in two logs, are different entries', () => {
  const [body, logId] = ['BQ==', { keyId: base64Of(new Uint8Array(32).fill(1)) }];
  const entries = [entry, { ...entry, logIndex: '13', canonicalizedBody: body }, { ...entry, logId }];
  assert.equal(parseJsonBundle(withEntries(...entries)).logEntries.length, 3);
});

test('both spellings of a member are read, null is absent, and a member nobody declared is refused', () => {
  const { mediaType, verificationMaterial, dsseEnvelope } = imageBundle;
  const { publicKey } = verificationMaterial as Json;
  const snake = {
    media_type: mediaType,
    verification_material: { public_key: publicKey, certificate: null, tlog_entries: null },
    dsse_envelope: dsseEnvelope,
  };
  assert.deepEqual(parseJsonBundle(snake), parseJsonBundle(imageBundle));
  const envelope = dsseEnvelope as { signatures: Json[] };
  const withKeyId = { ...envelope, signatures: envelope.signatures.map((each) => ({ ...each, keyid: 'k' })) };
  assert.deepEqual(parseJsonBundle({ ...imageBundle, dsseEnvelope: withKeyId }), parseJsonBundle(imageBundle));
  const more = { more: 1 };
  for (const value of [
    { ...imageBundle, ...more },
    { ...imageBundle, media_type: mediaType },
    withMaterial({ publicKey: more }),
    withMaterial({ publicKey: {}, ...more }),
    withMaterial({ certificate: { ...certificate, ...more } }),
    withEntries({ ...entry, ...more }),
    withEntries({ ...entry, inclusionProof: { ...entry.inclusionProof, ...more } }),
    { ...imageBundle, dsseEnvelope: { ...envelope, ...more } },
    { ...imageBundle, dsseEnvelope: { ...envelope, signatures: [{ sig: 'AQ==', ...more }] } },
  ]) {
    assert.throws(() => parseJsonBundle(value), hasCode('JSON_SHAPE'), JSON.stringify(value).slice(0, 300));
  }
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
    [{ ...withMaterial({ x509CertificateChain: {} }), mediaType: oldMediaType }, 'BUNDLE_MALFORMED'],
    [withEntries(entry, entry), 'BUNDLE_MALFORMED'],
    [withEntries(entry, { ...entry, logIndex: '13' }), 'BUNDLE_MALFORMED'],
    [withEntries(entry, { ...entry, canonicalizedBody: 'BQ==' }), 'BUNDLE_MALFORMED'],
    [withEntries(...Array.from({ length: 33 }, (_, index) => distinct(index))), 'BUNDLE_MALFORMED'],
    [withEntries({ ...entry, logIndex: '-1' }), 'JSON_SHAPE'],
    [withEntries({ ...entry, logId: { keyId: 'AQ==' } }), 'LOG_ENTRY_MALFORMED'],
    [withEntries({ ...entry, kindVersion: undefined }), 'JSON_SHAPE'],
    [withTimestamps('AQ==', 'AQ=='), 'BUNDLE_MALFORMED'],
    [
      withTimestamps(...Array.from({ length: 33 }, (_, index) => base64Of(new Uint8Array([index])))),
      'BUNDLE_MALFORMED',
    ],
    [contentless, 'BUNDLE_MALFORMED'],
    [{ ...imageBundle, messageSignature: message }, 'BUNDLE_MALFORMED'],
    [{ ...imageBundle, dsseEnvelope: { ...envelope, signatures: [] } }, 'BUNDLE_MALFORMED'],
    [{ ...imageBundle, dsseEnvelope: { ...envelope, signatures: [sig, sig] } }, 'BUNDLE_MALFORMED'],
    [{ ...imageBundle, dsseEnvelope: { ...envelope, signatures: [{ sig: '' }] } }, 'BUNDLE_MALFORMED'],
    [{ ...blobBundle, messageSignature: { ...message, signature: '' } }, 'BUNDLE_MALFORMED'],
    [
      { ...blobBundle, messageSignature: { ...message, messageDigest: { algorithm: 'SHA2_256', digest: 'AQ==' } } },
      'JSON_SHAPE',
    ],
    [
      { ...blobBundle, messageSignature: { ...message, messageDigest: { algorithm: 'MD5', digest: 'AQ==' } } },
      'JSON_SHAPE',
    ],
    [
      { ...blobBundle, messageSignature: { ...message, messageDigest: { algorithm: 'toString', digest: 'AQ==' } } },
      'JSON_SHAPE',
    ],
  ];
  for (const [value, code] of cases) {
    assert.throws(() => parseJsonBundle(value), hasCode(code), JSON.stringify(value).slice(0, 300));
  }
  assert.throws(() => parseBundle(new Uint8Array(17 * 1024 * 1024), ''), hasCode('INPUT_TOO_LARGE'));
});
