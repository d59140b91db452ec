import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { hasCode } from '../../test/support/error-code.ts';
import { createSigner } from '../../test/support/image-lab.ts';
import { utf8Of } from '../base/bytes.ts';
import { limits } from '../base/limits.ts';
import type { KeyAlgorithm } from '../crypto/key-algorithm.ts';
import type { Signer } from '../crypto/signer.ts';
import { encodeBundle } from '../formats/bundle/bundle.ts';
import { keyMaterialOf } from '../formats/signature-material.ts';
import { encodeBlobBundle } from '../formats/cosign/blob-bundle.ts';
import { digestOf } from '../formats/oci/digest.ts';
import { verifyBlob } from './verify-blob.ts';
import type { BlobArtifact, BlobProof } from './verify-blob.ts';
import { keyPolicyOf } from '../verify/policy.ts';

const file = utf8Of('a file');

async function* chunksOf(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

const stream = (...chunks: readonly Uint8Array[]): BlobArtifact => ({ kind: 'stream', chunks: chunksOf(...chunks) });

async function statusOf(signer: Signer, proof: BlobProof, artifact: BlobArtifact): Promise<string> {
  return (await verifyBlob({ signature: keyPolicyOf([signer.publicKey]), artifact, proof })).verdict.status;
}

const algorithms: readonly KeyAlgorithm[] = ['ecdsa-p256', 'ecdsa-p384', 'ecdsa-p521', 'ed25519', 'rsa'];

for (const algorithm of algorithms) {
  test(`a bare signature by ${algorithm} verifies the file it was made for and no other`, async () => {
    const signer = createSigner(algorithm);
    const proof: BlobProof = { kind: 'signature', signature: await signer.sign(file) };
    assert.equal(await statusOf(signer, proof, stream(file.subarray(0, 2), file.subarray(2))), 'verified');
    assert.equal(await statusOf(signer, proof, stream(utf8Of('another'))), 'rejected');
    assert.equal(await statusOf(createSigner(algorithm), proof, stream(file)), 'rejected');
  });
}

test('bundles of both generations verify', async () => {
  const signer = createSigner();
  const signature = await signer.sign(file);
  const sha256 = createHash('sha256').update(file).digest();
  for (const bytes of [
    encodeBlobBundle(signature, keyMaterialOf(signer.publicKey)),
    encodeBundle(keyMaterialOf(signer.publicKey), { kind: 'message', sha256 }, signature),
  ]) {
    const proof: BlobProof = { kind: 'bundle', bytes, name: 'file.bundle' };
    assert.equal(await statusOf(signer, proof, stream(file)), 'verified');
    assert.equal(await statusOf(signer, proof, stream(utf8Of('another'))), 'rejected');
    assert.equal(await statusOf(signer, proof, { kind: 'digest', digest: digestOf(file) }), 'verified');
  }
});

test('a digest is not enough for Ed25519: unknown, not rejected', async () => {
  const signer = createSigner('ed25519');
  const proof: BlobProof = { kind: 'signature', signature: await signer.sign(file) };
  assert.equal(await statusOf(signer, proof, { kind: 'digest', digest: digestOf(file) }), 'unknown');
});

test('a key inside a legacy bundle never becomes the verifier', async () => {
  const mallory = createSigner();
  const { publicKeyPemOf } = await import('../crypto/public-key.ts');
  const cert = Buffer.from(publicKeyPemOf(mallory.publicKey)).toString('base64');
  const bytes = utf8Of(
    JSON.stringify({ base64Signature: Buffer.from(await mallory.sign(file)).toString('base64'), cert }),
  );
  assert.equal(
    await statusOf(createSigner(), { kind: 'bundle', bytes, name: 'evil.bundle' }, stream(file)),
    'rejected',
  );
});

test('a file larger than what is held is hashed as it streams', async () => {
  const signer = createSigner();
  const chunk = new Uint8Array(1024 * 1024).fill(7);
  const count = limits.heldFileBytes / chunk.length + 3;
  const chunks = Array.from({ length: count }, () => chunk);
  const proof: BlobProof = { kind: 'signature', signature: await signer.sign(chunksOf(...chunks)) };
  assert.equal(await statusOf(signer, proof, stream(...chunks)), 'verified');
  assert.equal(await statusOf(signer, proof, stream(...chunks, chunk)), 'rejected');
});

test('an Ed25519 signature of a file too large to hold is refused', async () => {
  const chunk = new Uint8Array(64 * 1024 * 1024);
  const chunks = Array.from({ length: limits.wholeMessageBytes / chunk.length + 1 }, () => chunk);
  const signer = createSigner('ed25519');
  await assert.rejects(
    statusOf(signer, { kind: 'signature', signature: new Uint8Array(64) }, stream(...chunks)),
    hasCode('INPUT_TOO_LARGE'),
  );
});

test('a bundle that is none is refused', async () => {
  const refuse = async (text: string, code: Parameters<typeof hasCode>[0]): Promise<void> =>
    assert.rejects(
      statusOf(createSigner(), { kind: 'bundle', bytes: utf8Of(text), name: 'x' }, stream(file)),
      hasCode(code),
    );
  await refuse('not json', 'JSON_MALFORMED');
  await refuse('{}', 'JSON_SHAPE');
  await refuse('{"mediaType":"text/plain","verificationMaterial":{}}', 'BUNDLE_UNSUPPORTED');
});
