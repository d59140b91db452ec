import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { readVector, vectorImage, vectorManifest, vectorPublicKey } from '../../test/support/vectors.ts';
import { parseUtf8, utf8Of } from '../base/bytes.ts';
import { sha256HexOf } from '../crypto/hash.ts';
import { createKeyPair } from '../crypto/private-key.ts';
import { signerOf } from '../crypto/signer.ts';
import { parseBundle } from '../formats/bundle/bundle.ts';
import { attestationOfLayer, parseBareAttestation, parseBlobAttestation } from '../formats/cosign/attestation-layer.ts';
import { preAuthEncodingOf } from '../formats/dsse/envelope.ts';
import { IN_TOTO_PAYLOAD_TYPE } from '../formats/intoto/statement.ts';
import { digestHexOf } from '../formats/oci/digest.ts';
import type { SignedEntity } from '../formats/signed-entity.ts';
import { verifyAttestation } from './attestation-signature.ts';
import type { AttestationPolicy } from './attestation-signature.ts';
import { keyPolicyOf } from './policy.ts';
import type { Verdict } from './verdict.ts';

const TYPE = 'https://example.com/tested';
const hex = digestHexOf(vectorImage());
const aboutImage = { kind: 'digests', digests: [{ hash: 'sha256', hex }] } as const;
const own = createKeyPair('ecdsa-p256');

const policyOf = (more: Partial<AttestationPolicy> = {}): AttestationPolicy => ({
  ...keyPolicyOf([own.publicKey]),
  predicateType: { kind: 'exactly', uri: TYPE },
  subject: aboutImage,
  ...more,
});

/** The status, and the step that decided. */
const answerOf = (verdict: Verdict): string =>
  verdict.status === 'verified' ? 'verified' : `${verdict.status} ${verdict.failed.step}`;
const judge = async (entity: SignedEntity, more: Partial<AttestationPolicy> = {}): Promise<string> =>
  answerOf(await verifyAttestation(entity, policyOf(more)));

/** An entity signed by `own`, whatever it says. */
async function signed(payload: string, payloadType = IN_TOTO_PAYLOAD_TYPE): Promise<SignedEntity> {
  const bytes = utf8Of(payload);
  return {
    form: 'bundle',
    origin: 'test',
    content: { kind: 'dsse', payloadType, payload: bytes },
    signature: await signerOf(own).sign(preAuthEncodingOf(payloadType, bytes)),
    signer: { kind: 'none' },
    logEntries: [],
    logEvidence: 'proof',
    timestamps: [],
  };
}

const statement = {
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ name: 'app', digest: { sha256: hex } }],
  predicateType: TYPE,
  predicate: { passed: true },
};
const attest = async (more: object): Promise<SignedEntity> => signed(JSON.stringify({ ...statement, ...more }));
const withDigests = async (...digests: readonly object[]): Promise<SignedEntity> =>
  attest({ subject: digests.map((digest) => ({ digest })) });

test('the attestations of the real programs verify for the type and the image that they are about', async () => {
  const layerOf = (name: string): SignedEntity => {
    const [, layer] = vectorManifest(name, 'attestations').layers;
    assert.ok(layer !== undefined);
    return attestationOfLayer(layer, readVector(`attestations/${name}.envelope-1.json`), name);
  };
  const cases: readonly (readonly [SignedEntity, string])[] = [
    [layerOf('legacy-2'), 'cosign-2'],
    [layerOf('legacy-3'), 'cosign-3'],
    [parseBundle(readVector('attestations/bundle.json'), 'bundle'), 'cosign-3'],
  ];
  for (const [entity, key] of cases) {
    const byKey = keyPolicyOf([vectorPublicKey(key)]);
    const verdict = await verifyAttestation(entity, policyOf(byKey));
    assert.equal(answerOf(verdict), 'verified', entity.origin);
    assert.ok(verdict.status === 'verified');
    assert.deepEqual(verdict.evidence.statement?.predicate, { passed: true, note: '<b>&c' });
    assert.equal(verdict.evidence.claims.imageDigest, vectorImage());
    assert.equal(await judge(entity), 'rejected signature');
  }
});

test('the attestations about files of the real programs verify', async () => {
  const digest = { hash: 'sha256', hex: sha256HexOf(readVector('blobs/hello.txt')) } as const;
  const more = (key: string): Partial<AttestationPolicy> => ({
    ...keyPolicyOf([vectorPublicKey(key)]),
    subject: { kind: 'digests', digests: [digest] },
  });
  const read = (name: string): Uint8Array => readVector(`attestations/blob.${name}.json`);
  assert.equal(await judge(parseBareAttestation(read('2.envelope'), ''), more('cosign-2')), 'verified');
  assert.equal(await judge(parseBlobAttestation(read('2.legacy'), ''), more('cosign-2')), 'verified');
  assert.equal(await judge(parseBundle(read('2'), ''), more('cosign-2')), 'verified');
  assert.equal(await judge(parseBundle(read('3'), ''), more('cosign-3')), 'verified');
  // The first bundles hold a key: it is compared, and never becomes the verifier.
  assert.equal(await judge(parseBlobAttestation(read('2.legacy'), ''), more('cosign-3')), 'rejected signer');
});

test('CVE-2022-35929: an attestation of another type than the one asked for satisfies nothing', async () => {
  for (const predicateType of [
    'https://example.com/Tested',
    `${TYPE}/`,
    ` ${TYPE}`,
    `${TYPE}\u0000`,
    'https://spdx.dev/Document',
    '',
  ]) {
    assert.equal(await judge(await attest({ predicateType })), 'rejected claims.type', JSON.stringify(predicateType));
  }
  const verdict = await verifyAttestation(await attest({ predicateType: 'x:y' }), policyOf());
  assert.ok(verdict.status === 'rejected');
  assert.deepEqual([verdict.failed.expected, verdict.failed.seen], [TYPE, 'x:y']);
  assert.equal(await judge(await attest({ predicateType: 'x:y' }), { predicateType: { kind: 'any' } }), 'verified');
});

test('an attestation about something else is rejected by its digest', async () => {
  const cases: readonly (readonly [string, SignedEntity])[] = [
    ['another digest', await withDigests({ sha256: '0'.repeat(64) })],
    ['upper-case hex', await withDigests({ sha256: hex.toUpperCase() })],
    ['a longer digest', await withDigests({ sha256: `${hex}00` })],
    ['the digest with its algorithm', await withDigests({ sha256: `sha256:${hex}` })],
    ['another algorithm', await withDigests({ sha512: hex, gitCommit: hex })],
    ['another name of the algorithm', await withDigests({ SHA256: hex, 'sha-256': hex })],
    ['no digest', await withDigests({})],
    ['subjects without the digest', await withDigests({ sha256: '00' }, {}, { md5: hex })],
  ];
  for (const [name, entity] of cases) {
    assert.equal(await judge(entity), 'rejected claims.digest', name);
    assert.equal(await judge(entity, { subject: { kind: 'unchecked' } }), 'verified', name);
  }
});

test('of several subjects, one that names the image is enough', async () => {
  const others = Array.from({ length: 1023 }, (_, index) => ({ sha256: `${index}`.padStart(64, '0') }));
  assert.equal(await judge(await withDigests(...others, { sha256: hex })), 'verified');
});

test('where several digests of a file are known, none may differ', async () => {
  const [sha256, sha512] = [hex, '5'.repeat(128)];
  const subject = {
    kind: 'digests',
    digests: [
      { hash: 'sha256', hex: sha256 },
      { hash: 'sha512', hex: sha512 },
    ],
  } as const;
  assert.equal(await judge(await withDigests({ sha256 }), { subject }), 'verified');
  assert.equal(await judge(await withDigests({ sha512 }), { subject }), 'verified');
  assert.equal(await judge(await withDigests({ sha256, sha512, gitBlob: 'x' }), { subject }), 'verified');
  assert.equal(
    await judge(await withDigests({ sha256, sha512: '6'.repeat(128) }), { subject }),
    'rejected claims.digest',
  );
  assert.equal(
    await judge(await withDigests({ sha256: '6'.repeat(64), sha512 }), { subject }),
    'rejected claims.digest',
  );
});

test('CVE-2026-39395: a payload that is no statement is rejected, whoever signed it', async () => {
  const good = JSON.stringify(statement);
  const many = (count: number): string =>
    JSON.stringify({ ...statement, subject: Array.from({ length: count }, () => statement.subject[0]) });
  const payloads = [
    '',
    '{}',
    'null',
    '[]',
    'not JSON',
    good.slice(0, -1),
    good.replace('"subject":[', '"subject":[],"was":['),
    good.replace('"predicateType"', '"predicatetype"'),
    good.replace('Statement/v1', 'Statement/v2'),
    good.replace('"sha256":"', '"sha256":"00","sha256":"'),
    good.replace('"predicateType":', '"predicateType":"x:y","predicateType":'),
    many(1025),
  ];
  for (const payload of payloads) {
    const any = { predicateType: { kind: 'any' }, subject: { kind: 'unchecked' } } as const;
    assert.equal(await judge(await signed(payload), any), 'rejected content', payload.slice(0, 100));
  }
  assert.equal(await judge(await signed(many(1024))), 'verified');
});

test('only an in-toto statement in an envelope of that type is an attestation', async () => {
  for (const type of ['', 'application/json', 'application/vnd.in-toto+JSON', ' application/vnd.in-toto+json']) {
    assert.equal(await judge(await signed(JSON.stringify(statement), type)), 'rejected content', type);
  }
  const entity = await attest({});
  assert.equal(await judge({ ...entity, content: { kind: 'message' } }), 'rejected content');
  const payload = utf8Of(JSON.stringify(statement));
  assert.equal(await judge({ ...entity, content: { kind: 'simple-signing', payload } }), 'rejected content');
});

test('nothing that the statement claims is told before the signature has been checked', async () => {
  const verdict = await verifyAttestation(
    await attest({}),
    policyOf(keyPolicyOf([createKeyPair('ed25519').publicKey])),
  );
  assert.deepEqual(
    verdict.checks.map(({ step }) => step),
    ['content', 'signer', 'signature'],
  );
});

test('an exhaustive verdict goes on after a failure and says the same', async () => {
  const entity = await attest({ predicateType: 'x:y', subject: [{ digest: { sha256: '00' } }] });
  const verdict = await verifyAttestation(entity, policyOf({ isExhaustive: true }));
  assert.equal(answerOf(verdict), 'rejected claims.type');
  assert.deepEqual(
    verdict.checks.filter(({ status }) => status === 'fail').map(({ step }) => step),
    ['claims.type', 'claims.digest'],
  );
});

test('unchecked claims are told as such and satisfy no threshold', async () => {
  const verdict = await verifyAttestation(await attest({}), policyOf({ subject: { kind: 'unchecked' } }));
  assert.ok(verdict.status === 'verified');
  assert.equal(verdict.evidence.isClaimsChecked, false);
  assert.equal(verdict.evidence.claims.imageDigest, undefined);
  assert.deepEqual(verdict.checks.at(-1)?.note, 'claims NOT checked');
});

test('any changed byte of a signed statement is refused', async () => {
  const entity = await attest({});
  assert.ok(entity.content.kind === 'dsse');
  const { content } = entity;
  await fc.assert(
    fc.asyncProperty(fc.nat(content.payload.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const payload = content.payload.with(at, (content.payload[at] ?? 0) ^ flip);
      const answer = await judge({ ...entity, content: { ...content, payload } });
      assert.match(answer, /^rejected (?:content|signature)$/, parseUtf8(content.payload));
    }),
    { numRuns: 60 },
  );
});
