/** Signatures and attestations of images as cosign's first generation stored them, and the attacks on what stands beside
 *  them in annotations. */

import assert from 'node:assert/strict';
import test from 'node:test';

import { artifact, attestation, sigstore } from '../support/virtual-sigstore/attack-cases.ts';
import { envelopeTextOf } from '../support/virtual-sigstore/entry-body.ts';
import { judge, policyOf } from '../support/virtual-sigstore/judgement.ts';
import { layerAnnotationsOf } from '../support/virtual-sigstore/legacy-forms.ts';
import { createVirtualKey, digestOf as hashOf } from '../support/virtual-sigstore/virtual-key.ts';
import type { SignRequest, VirtualSignature } from '../support/virtual-sigstore/virtual-sigstore.ts';
import { attestationOfLayer } from '../../src/formats/cosign/attestation-layer.ts';
import { layerAnnotations } from '../../src/formats/cosign/layer-annotation.ts';
import { signedEntityOfLayer } from '../../src/formats/cosign/signature-layer.ts';
import { encodeSimpleSigning } from '../../src/formats/cosign/simple-signing.ts';
import { digestOf } from '../../src/formats/oci/digest.ts';
import { mediaTypes } from '../../src/formats/oci/media-type.ts';
import type { SignedEntity } from '../../src/formats/signed-entity.ts';
import { verifyImageSignature } from '../../src/verify/image-signature.ts';
import type { Verdict } from '../../src/verify/verdict.ts';

type Annotations = Readonly<Record<string, string>>;
type Change = (annotations: Annotations) => Annotations;

const image = digestOf(artifact);
const payload = Buffer.from(
  encodeSimpleSigning({ imageDigest: image, dockerReference: 'registry.test/app', annotations: {} }),
);
const { rekorV1, timestampAuthority } = sigstore;
const policy = policyOf(sigstore, sigstore.trustedRoot());

const other = layerAnnotationsOf(sigstore.sign({ content: { artifact: payload } }));
const taking = (name: keyof typeof layerAnnotations): Change => {
  const annotation = layerAnnotations[name];
  return (annotations) => ({ ...annotations, [annotation]: other[annotation] ?? '' });
};

const without =
  (name: keyof typeof layerAnnotations): Change =>
  (annotations) =>
    Object.fromEntries(Object.entries(annotations).filter(([key]) => key !== layerAnnotations[name]));

/** What is changed about the layer of a good signature, and the step that rejects it. */
const layers: readonly (readonly [string, Change, string])[] = [
  ['as it was signed', (annotations) => annotations, 'verified'],
  ["with another signature's entry (cosign CVE-2022-23649)", taking('bundle'), 'log.body'],
  ["with another signature's certificate", taking('certificate'), 'signature'],
  ['with another signature', taking('signature'), 'signature'],
  ['without its entry', without('bundle'), 'log'],
  ['without its certificate', without('certificate'), 'signer'],
  ['with another time in its entry', changedPayload({ integratedTime: 1_772_366_401 }), 'log.promise'],
  ['with another index in its entry', changedPayload({ logIndex: 1 }), 'log.promise'],
  ['with an entry of an unknown log', changedPayload({ logID: '00'.repeat(32) }), 'log'],
];

for (const [name, change, outcome] of layers) {
  test(`an image's signature ${name}: ${outcome}`, async () => {
    const annotations = change(layerAnnotationsOf(sigstore.sign({ content: { artifact: payload } })));
    const layer = { mediaType: mediaTypes.simpleSigning, digest: digestOf(payload), size: payload.length, annotations };
    const entity = signedEntityOfLayer(layer, payload, 'test');
    const claims = { kind: 'check', annotations: {} } as const;
    assert.equal(outcomeOf(await verifyImageSignature(entity, { ...policy, digest: image, claims })), outcome);
  });
}

const attestations: readonly (readonly [string, Partial<SignRequest>, string])[] = [
  ['logged as dsse 0.0.1', {}, 'verified'],
  ['logged as intoto 0.0.1', { entries: [{ log: rekorV1, kind: 'intoto/0.0.1' }] }, 'verified'],
  ['logged as intoto 0.0.2', { entries: [{ log: rekorV1, kind: 'intoto/0.0.2' }] }, 'verified'],
  ['with a timestamp over its signature', { timestamps: [{ authority: timestampAuthority }] }, 'verified'],
  [
    "with another attestation's entry, intoto 0.0.1",
    {
      entries: [
        { log: rekorV1, kind: 'intoto/0.0.1', logged: ({ message }) => ({ signature: hashOf('sha256', message) }) },
      ],
    },
    'log.body',
  ],
  [
    "with another signer's entry, intoto 0.0.1",
    {
      entries: [
        {
          log: rekorV1,
          kind: 'intoto/0.0.1',
          logged: () => ({ verifier: { kind: 'public-key', der: createVirtualKey().spki } }),
        },
      ],
    },
    'log.body',
  ],
  [
    'with a timestamp over something else',
    { timestamps: [{ authority: timestampAuthority, stamped: artifact }] },
    'timestamp.imprint',
  ],
];

for (const [name, change, outcome] of attestations) {
  test(`an image's attestation ${name}: ${outcome}`, async () => {
    const entity = attestationEntityOf(sigstore.sign({ ...attestation, ...change }));
    const sha256 = hashOf('sha256', artifact).toString('hex');
    assert.equal(outcomeOf(await judge(entity, policy, { kind: 'bytes', bytes: artifact }, sha256)), outcome);
  });
}

/** The envelope is the layer's blob; the annotation that holds a signature elsewhere is empty. */
function attestationEntityOf(signed: VirtualSignature): SignedEntity {
  const blob = Buffer.from(envelopeTextOf(signed.logged));
  const annotations = { ...layerAnnotationsOf(signed), [layerAnnotations.signature]: '' };
  const layer = { mediaType: mediaTypes.dsseEnvelope, digest: digestOf(blob), size: blob.length, annotations };
  return attestationOfLayer(layer, blob, 'test');
}

function changedPayload(members: object): Change {
  return (annotations) => {
    const bundle = JSON.parse(annotations[layerAnnotations.bundle] ?? '{}') as { readonly Payload: object };
    const changed = { ...bundle, Payload: { ...bundle.Payload, ...members } };
    return { ...annotations, [layerAnnotations.bundle]: JSON.stringify(changed) };
  };
}

function outcomeOf(verdict: Verdict): string {
  return verdict.status === 'verified' ? 'verified' : verdict.failed.step;
}
