import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { readVector, vectorManifest } from '../../../test/support/vectors.ts';
import { base64Of, utf8Of } from '../../base/bytes.ts';
import type { ErrorCode } from '../../base/catalogue.ts';
import { encodePem } from '../../crypto/pem.ts';
import type { Annotations } from '../oci/manifest.ts';
import { layerAnnotations } from './layer-annotation.ts';
import { decodeRekorBundle } from './rekor-bundle.ts';
import { signatureLayerOf, signedEntityOfLayer } from './signature-layer.ts';

const payload = readVector('images/legacy.payload-0.json');
const signature = new Uint8Array([1, 2, 3]);
const certificate = encodePem({ label: 'CERTIFICATE', bytes: new Uint8Array([0x30, 1]) });
const chain = encodePem({ label: 'CERTIFICATE', bytes: new Uint8Array([0x30, 2]) });

test('a layer of cosign is described byte for byte as cosign does', () => {
  const [layer] = vectorManifest('legacy').layers;
  assert.ok(layer !== undefined);
  assert.deepEqual(signatureLayerOf(payload, signedEntityOfLayer(layer, payload, 'here').signature), layer);
});

test('what a layer carries reads back: certificate, chain, log entry, timestamp', () => {
  const timestamp = JSON.stringify({ SignedRFC3161Timestamp: base64Of(signature) });
  const body = base64Of(utf8Of('{"kind":"hashedrekord","apiVersion":"0.0.1"}'));
  const logged = { body, integratedTime: 1, logIndex: 2, logID: '00'.repeat(32) };
  const bundle = JSON.stringify({ SignedEntryTimestamp: 'AQID', Payload: logged });
  const layer = signatureLayerOf(payload, signature, { certificate, chain, bundle, timestamp });
  assert.deepEqual(signedEntityOfLayer(layer, payload, 'here'), {
    form: 'legacy',
    origin: 'here',
    content: { kind: 'simple-signing', payload },
    signature,
    signer: { kind: 'certificate', chain: [new Uint8Array([0x30, 1]), new Uint8Array([0x30, 2])] },
    logEntries: [decodeRekorBundle(JSON.parse(bundle), '$')],
    logEvidence: 'promise',
    timestamps: [signature],
  });
});

test('a certificate without chain gets an empty chain annotation, as cosign writes it, and reads back alone', () => {
  const layer = signatureLayerOf(payload, signature, { certificate });
  assert.equal(layer.annotations?.[layerAnnotations.chain], '');
  assert.deepEqual(signedEntityOfLayer(layer, payload, '').signer, {
    kind: 'certificate',
    chain: [new Uint8Array([0x30, 1])],
  });
});

test('a broken part is an error, never an absent part', () => {
  const cases: readonly (readonly [Annotations, ErrorCode])[] = [
    [{ [layerAnnotations.signature]: '' }, 'LAYER_MALFORMED'],
    [{ [layerAnnotations.signature]: 'AQ' }, 'BASE64_MALFORMED'],
    [{ [layerAnnotations.signature]: 'A'.repeat(20_000) }, 'INPUT_TOO_LARGE'],
    [{ [layerAnnotations.certificate]: 'nonsense' }, 'PEM_MALFORMED'],
    [{ [layerAnnotations.certificate]: encodePem({ label: 'PUBLIC KEY', bytes: signature }) }, 'LAYER_MALFORMED'],
    [{ [layerAnnotations.certificate]: certificate, [layerAnnotations.chain]: 'nonsense' }, 'PEM_MALFORMED'],
    [{ [layerAnnotations.bundle]: '{' }, 'JSON_MALFORMED'],
    [{ [layerAnnotations.bundle]: '{}' }, 'JSON_SHAPE'],
    [{ [layerAnnotations.timestamp]: '{}' }, 'JSON_SHAPE'],
    [{ [layerAnnotations.timestamp]: '{"SignedRFC3161Timestamp":"?"}' }, 'BASE64_MALFORMED'],
  ];
  const layer = signatureLayerOf(payload, signature);
  for (const [annotations, code] of cases) {
    const broken = { ...layer, annotations: { ...layer.annotations, ...annotations } };
    assert.throws(
      () => signedEntityOfLayer(broken, payload, ''),
      hasCode(code),
      JSON.stringify(annotations).slice(0, 100),
    );
  }
  const { annotations: _, ...bare } = layer;
  assert.throws(() => signedEntityOfLayer(bare, payload, ''), hasCode('LAYER_MALFORMED'), 'no annotations');
  assert.throws(
    () => signedEntityOfLayer({ ...layer, mediaType: 'text/plain' }, payload, ''),
    hasCode('LAYER_MALFORMED'),
  );
});

test('an annotation that only the prototype has is not there', () => {
  const layer = {
    ...signatureLayerOf(payload, signature),
    annotations: Object.create({ [layerAnnotations.signature]: 'AQID' }) as Annotations,
  };
  assert.throws(() => signedEntityOfLayer(layer, utf8Of(''), ''), hasCode('LAYER_MALFORMED'));
});
