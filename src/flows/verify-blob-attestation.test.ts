import assert from 'node:assert/strict';
import { test } from 'node:test';

import { attestationBundle, CUSTOM_TYPE, signedEnvelope, statementAbout } from '../../test/support/attestation.ts';
import { hasCode } from '../../test/support/error-code.ts';
import { createSigner } from '../../test/support/image-lab.ts';
import { readVector, vectorPublicKey } from '../../test/support/vectors.ts';
import { base64Of, hexOf, utf8Of } from '../base/bytes.ts';
import { hashOf } from '../crypto/hash.ts';
import { encodeBundle } from '../formats/bundle/bundle.ts';
import { keyMaterialOf } from '../formats/signature-material.ts';
import { digestOf } from '../formats/oci/digest.ts';
import { keyPolicyOf } from '../verify/policy.ts';
import { verifyBlobAttestation } from './verify-blob-attestation.ts';
import type { AttestationProof, AttestedArtifact, VerifyBlobAttestationRequest } from './verify-blob-attestation.ts';

const file = utf8Of('a file');
const signer = createSigner();
const statement = statementAbout(digestOf(file));

async function* chunksOf(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
const stream = (...chunks: readonly Uint8Array[]): AttestedArtifact => ({
  kind: 'stream',
  chunks: chunksOf(...chunks),
});
const bundle = (bytes: Uint8Array): AttestationProof => ({ kind: 'bundle', bytes, name: 'x' });

/** The status, and the step that decided. */
async function answerOf(proof: AttestationProof, more: Partial<VerifyBlobAttestationRequest> = {}): Promise<string> {
  const { verdict } = await verifyBlobAttestation({
    signature: keyPolicyOf([signer.publicKey]),
    type: { kind: 'exactly', uri: CUSTOM_TYPE },
    artifact: stream(file),
    proof,
    ...more,
  });
  return verdict.status === 'verified' ? 'verified' : `${verdict.status} ${verdict.failed.step}`;
}

test('attestations of each form verify the file that they are about, in chunks, and no other', async () => {
  const envelope = await signedEnvelope(signer, statement);
  const proofs: readonly AttestationProof[] = [
    { kind: 'envelope', bytes: envelope },
    bundle(utf8Of(JSON.stringify({ base64Signature: base64Of(envelope) }))),
    bundle(await attestationBundle(signer, statement)),
  ];
  for (const proof of proofs) {
    assert.equal(await answerOf(proof, { artifact: stream(file.subarray(0, 2), file.subarray(2)) }), 'verified');
    assert.equal(await answerOf(proof, { artifact: stream(utf8Of('another')) }), 'rejected claims.digest');
    assert.equal(await answerOf(proof, { artifact: { kind: 'unchecked' } }), 'verified');
    assert.equal(await answerOf(proof, { type: { kind: 'exactly', uri: 'x:y' } }), 'rejected claims.type');
    const other = keyPolicyOf([createSigner().publicKey]);
    assert.equal(await answerOf(proof, { signature: other }), 'rejected signature');
  }
});

test('what the real programs attested verifies', async () => {
  const hello = readVector('blobs/hello.txt');
  const type = { kind: 'exactly', uri: 'https://example.com/tested' } as const;
  for (const [name, key] of [
    ['2', 'cosign-2'],
    ['2.legacy', 'cosign-2'],
    ['3', 'cosign-3'],
  ] as const) {
    const signature = keyPolicyOf([vectorPublicKey(key)]);
    const proof = bundle(readVector(`attestations/blob.${name}.json`));
    assert.equal(await answerOf(proof, { signature, type, artifact: stream(hello) }), 'verified', name);
  }
});

test('a digest stands for the file, by the algorithm that the attestation uses', async () => {
  const proof = bundle(await attestationBundle(signer, statement));
  const digestBy = (hash: 'sha256' | 'sha512'): AttestedArtifact => ({
    kind: 'digest',
    digest: { hash, hex: hexOf(hashOf(hash, file)) },
  });
  assert.equal(await answerOf(proof, { artifact: digestBy('sha256') }), 'verified');
  assert.equal(await answerOf(proof, { artifact: digestBy('sha512') }), 'rejected claims.digest');
});

test('a subject named by SHA-512 alone is recognised in the file', async () => {
  const subject = [{ name: 'app', digest: { sha512: hexOf(hashOf('sha512', file)) } }];
  const bySha512 = utf8Of(JSON.stringify({ ...(JSON.parse(Buffer.from(statement).toString()) as object), subject }));
  assert.equal(await answerOf(bundle(await attestationBundle(signer, bySha512))), 'verified');
});

test("a file's signature attests nothing", async () => {
  const sha256 = hashOf('sha256', file);
  const signed = encodeBundle(keyMaterialOf(signer.publicKey), { kind: 'message', sha256 }, await signer.sign(file));
  assert.equal(await answerOf(bundle(signed)), 'rejected content');
});

test('what is no attestation at all is refused as such', async () => {
  await assert.rejects(answerOf(bundle(utf8Of('{}'))), hasCode('JSON_SHAPE'));
  await assert.rejects(answerOf(bundle(utf8Of('{"base64Signature":"bm90IEpTT04="}'))), hasCode('JSON_MALFORMED'));
  await assert.rejects(answerOf({ kind: 'envelope', bytes: utf8Of('{') }), hasCode('JSON_MALFORMED'));
});

test('a certificate given beside an envelope is judged, not trusted', async () => {
  const bytes = await signedEnvelope(signer, statement);
  const proof: AttestationProof = { kind: 'envelope', bytes, certificates: [new Uint8Array([0x30, 0])] };
  assert.equal(await answerOf(proof), 'rejected signer');
});
