import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { hasCode } from '../../../test/support/error-code.ts';
import { readVector } from '../../../test/support/vectors.ts';
import { base64Of, parseUtf8, utf8Of } from '../../base/bytes.ts';
import type { ErrorCode } from '../../base/catalogue.ts';
import { CountersignError } from '../../base/errors.ts';
import { IN_TOTO_PAYLOAD_TYPE, parseStatement } from '../intoto/statement.ts';
import { digestOf } from '../oci/digest.ts';
import { parseManifest } from '../oci/manifest.ts';
import type { Annotations, Descriptor } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-type.ts';
import type { SignedEntity } from '../signed-entity.ts';
import { attestationOfLayer, parseBareAttestation, parseBlobAttestation } from './attestation-layer.ts';

const envelope = readVector('attestations/legacy-2.envelope-0.json');
const members = JSON.parse(parseUtf8(envelope)) as Readonly<Record<string, unknown>>;
const layerOf = (blob: Uint8Array, annotations: Annotations = {}): Descriptor => ({
  mediaType: mediaTypes.dsseEnvelope,
  digest: digestOf(blob),
  size: blob.length,
  annotations: { 'dev.cosignproject.cosign/signature': '', ...annotations },
});

test('the layers of both generations of cosign become attestations', () => {
  for (const name of ['legacy-2', 'legacy-3']) {
    const manifest = parseManifest(readVector(`attestations/${name}.manifest.json`), undefined);
    assert.ok(manifest.kind === 'image');
    for (const [index, layer] of manifest.layers.entries()) {
      const blob = readVector(`attestations/${name}.envelope-${index}.json`);
      assert.equal(layer.digest, digestOf(blob));
      const { content, signature, ...rest } = attestationOfLayer(layer, blob, name);
      assert.ok(content.kind === 'dsse');
      assert.equal(content.payloadType, IN_TOTO_PAYLOAD_TYPE);
      assert.equal(content.envelope, blob);
      assert.equal(parseStatement(content.payload).predicateType, layer.annotations?.['predicateType']);
      assert.ok(signature.length > 64);
      assert.deepEqual(rest, {
        form: 'legacy',
        origin: name,
        signer: { kind: 'none' },
        logEntries: [],
        logEvidence: 'promise',
        timestamps: [],
      });
    }
  }
});

test('what the layer says of the predicate type is not looked at', () => {
  const { content } = attestationOfLayer(
    layerOf(envelope, { predicateType: 'https://spdx.dev/Document' }),
    envelope,
    '',
  );
  assert.ok(content.kind === 'dsse');
  assert.equal(parseStatement(content.payload).predicateType, 'https://cosign.sigstore.dev/attestation/v1');
});

test('a certificate and a timestamp beside it are read', () => {
  const pem = (byte: number): string =>
    `-----BEGIN CERTIFICATE-----\n${base64Of(new Uint8Array([byte]))}\n-----END CERTIFICATE-----\n`;
  const { signer, timestamps } = attestationOfLayer(
    layerOf(envelope, {
      'dev.sigstore.cosign/certificate': pem(1),
      'dev.sigstore.cosign/chain': pem(2),
      'dev.sigstore.cosign/rfc3161timestamp': '{"SignedRFC3161Timestamp":"Aw=="}',
    }),
    envelope,
    '',
  );
  assert.deepEqual(signer, { kind: 'certificate', chain: [new Uint8Array([1]), new Uint8Array([2])] });
  assert.deepEqual(timestamps, [new Uint8Array([3])]);
});

test("attestations about files are read from cosign's first bundles and from bare envelopes", () => {
  const bare = parseBareAttestation(readVector('attestations/blob.2.envelope.json'), 'x');
  const bundled = parseBlobAttestation(readVector('attestations/blob.2.legacy.json'), 'x');
  const typeOf = ({ content }: SignedEntity): string => {
    assert.ok(content.kind === 'dsse' && content.envelope !== undefined);
    return parseStatement(content.payload).predicateType;
  };
  assert.equal(typeOf(bare), 'https://example.com/tested');
  assert.equal(typeOf(bundled), 'https://example.com/tested');
  assert.equal(bare.signer.kind, 'none');
  assert.equal(bundled.signer.kind, 'embedded-key');
});

const sig = { keyid: '', sig: 'AQ==' };
const wrong: readonly (readonly [string, unknown, ErrorCode | undefined])[] = [
  ['two signatures', { ...members, signatures: [sig, sig] }, undefined],
  ['no signature', { ...members, signatures: [] }, undefined],
  ['an empty signature', { ...members, signatures: [{ sig: '' }] }, undefined],
  ['a huge signature', { ...members, signatures: [{ sig: base64Of(new Uint8Array(17_000)) }] }, undefined],
  ['no payload type', { ...members, payloadType: undefined }, 'JSON_SHAPE'],
  ['a payload that is no base64', { ...members, payload: '?' }, 'BASE64_MALFORMED'],
  ['no object', [members], 'JSON_SHAPE'],
];
for (const [name, value, code] of wrong) {
  test(`an envelope with ${name} is refused`, () => {
    const blob = utf8Of(JSON.stringify(value));
    const bundle = utf8Of(JSON.stringify({ base64Signature: base64Of(blob) }));
    assert.throws(() => attestationOfLayer(layerOf(blob), blob, ''), hasCode(code ?? 'LAYER_MALFORMED'));
    assert.throws(() => parseBareAttestation(blob, ''), hasCode(code ?? 'BUNDLE_MALFORMED'));
    assert.throws(() => parseBlobAttestation(bundle, ''), hasCode(code ?? 'BUNDLE_MALFORMED'));
  });
}

test('a layer of another type is refused, whatever it holds', () => {
  const layer = { ...layerOf(envelope), mediaType: mediaTypes.simpleSigning };
  assert.throws(() => attestationOfLayer(layer, envelope, ''), hasCode('LAYER_MALFORMED'));
});

test('a member that is named twice is refused', () => {
  const blob = utf8Of(parseUtf8(envelope).replace('{"payloadType"', '{"payload":"e30=","payloadType"'));
  assert.throws(() => attestationOfLayer(layerOf(blob), blob, ''), hasCode('JSON_MALFORMED'));
});

test('whatever the bytes are, the answer is an attestation or an error of ours', () => {
  const parsers = [
    (blob: Uint8Array) => attestationOfLayer(layerOf(blob), blob, ''),
    (blob: Uint8Array) => parseBareAttestation(blob, ''),
    (blob: Uint8Array) => parseBlobAttestation(blob, ''),
  ];
  const broken = fc.tuple(fc.nat(envelope.length - 1), fc.nat(255)).map(([at, byte]) => envelope.with(at, byte));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), broken), fc.constantFrom(...parsers), (blob, parse) => {
      try {
        parse(blob);
      } catch (error) {
        assert.ok(error instanceof CountersignError);
      }
    }),
  );
});
