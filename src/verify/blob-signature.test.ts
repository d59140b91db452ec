import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readVector, vectorImage, vectorLayer, vectorPublicKey } from '../../test/support/vectors.ts';
import { utf8Of } from '../base/bytes.ts';
import { hashOf } from '../crypto/hash.ts';
import { createKeyPair } from '../crypto/private-key.ts';
import { publicKeyPemOf } from '../crypto/public-key.ts';
import { signerOf } from '../crypto/signer.ts';
import { encodeBundle, parseBundle } from '../formats/bundle/bundle.ts';
import { keyMaterialOf } from '../formats/signature-material.ts';
import { parseBlobBundle } from '../formats/cosign/blob-bundle.ts';
import type { SignedEntity } from '../formats/signed-entity.ts';
import { verifyBlobSignature } from './blob-signature.ts';
import type { Artifact, BlobPolicy } from './blob-signature.ts';
import { keyPolicyOf } from './policy.ts';

const bytes = readVector('blobs/hello.txt');
const hashes = { sha256: hashOf('sha256', bytes), sha384: hashOf('sha384', bytes), sha512: hashOf('sha512', bytes) };
const file: Artifact = { kind: 'bytes', bytes };
const policyOf = (name: string, artifact: Artifact = file): BlobPolicy => ({
  artifact,
  ...keyPolicyOf([vectorPublicKey(name)]),
});

async function judge(entity: SignedEntity, policy: BlobPolicy): Promise<string> {
  const verdict = await verifyBlobSignature(entity, policy);
  return verdict.status === 'verified'
    ? `verified ${verdict.evidence.scheme}`
    : `${verdict.status} ${verdict.failed.step}`;
}

test('the bundles of cosign 2.5 and 3.1 verify, by the file and by its hashes', async () => {
  const schemes = {
    'cosign-2': ['ECDSA P-256 with SHA-256', 'ECDSA P-256 with SHA-256'],
    p384: ['ECDSA P-384 with SHA-256', 'ECDSA P-384 with SHA-384'],
    p521: ['ECDSA P-521 with SHA-256', 'ECDSA P-521 with SHA-512'],
    rsa2048: ['RSA PKCS#1 v1.5 with SHA-256', 'RSA PKCS#1 v1.5 with SHA-256'],
  };
  for (const [name, [two, three]] of Object.entries(schemes)) {
    for (const artifact of [file, { kind: 'hashes', hashes }] as const) {
      const policy = policyOf(name, artifact);
      assert.equal(
        await judge(parseBlobBundle(readVector(`blobs/${name}.2.legacy.json`), ''), policy),
        `verified ${two}`,
      );
      assert.equal(await judge(parseBundle(readVector(`blobs/${name}.2.json`), ''), policy), `verified ${two}`);
      assert.equal(await judge(parseBundle(readVector(`blobs/${name}.3.json`), ''), policy), `verified ${three}`);
    }
  }
  assert.equal(
    await judge(parseBundle(readVector('blobs/ed25519.2.json'), ''), policyOf('ed25519')),
    'verified Ed25519',
  );
});

test('the hint of a bundle decides nothing: cosign itself writes several kinds', async () => {
  assert.equal(
    await judge(parseBundle(readVector('blobs/created.3.json'), ''), policyOf('cosign-2')),
    'verified ECDSA P-256 with SHA-256',
  );
});

test('one digest is enough for a signature over it', async () => {
  const artifact: Artifact = { kind: 'hashes', hashes: { sha256: hashes.sha256 } };
  assert.equal(
    await judge(parseBundle(readVector('blobs/p384.2.json'), ''), policyOf('p384', artifact)),
    'verified ECDSA P-384 with SHA-256',
  );
});

test('Ed25519 by digest is unknown: the file is needed', async () => {
  const artifact: Artifact = { kind: 'hashes', hashes };
  assert.equal(
    await judge(parseBundle(readVector('blobs/ed25519.2.json'), ''), policyOf('ed25519', artifact)),
    'unknown signature',
  );
});

test('another file is rejected: by the digest that the bundle states, or by the signature', async () => {
  for (const other of [utf8Of('hello, vector'), new Uint8Array()]) {
    const artifacts: readonly Artifact[] = [
      { kind: 'bytes', bytes: other },
      { kind: 'hashes', hashes: { sha256: hashOf('sha256', other) } },
    ];
    for (const artifact of artifacts) {
      assert.equal(
        await judge(parseBundle(readVector('blobs/cosign-2.3.json'), ''), policyOf('cosign-2', artifact)),
        'rejected digest',
      );
      assert.equal(
        await judge(parseBlobBundle(readVector('blobs/cosign-2.2.legacy.json'), ''), policyOf('cosign-2', artifact)),
        'rejected signature',
      );
    }
  }
});

test('a stated digest does not stand in for the signature', async () => {
  const key = createKeyPair('ecdsa-p256');
  const signature = await signerOf(key).sign(utf8Of('another file'));
  const entity = parseBundle(
    encodeBundle(keyMaterialOf(key.publicKey), { kind: 'message', sha256: hashes.sha256 }, signature),
    '',
  );
  assert.equal(await judge(entity, { ...policyOf('p384'), ...keyPolicyOf([key.publicKey]) }), 'rejected signature');
});

test('another key, a certificate, an image signature and an attestation are rejected', async () => {
  const entity = parseBundle(readVector('blobs/cosign-2.3.json'), '');
  assert.equal(await judge(entity, policyOf('cosign-3')), 'rejected signature');
  assert.equal(
    await judge({ ...entity, signer: { kind: 'certificate', chain: [new Uint8Array(1)] } }, policyOf('cosign-2')),
    'rejected signer',
  );
  assert.equal(await judge(vectorLayer('legacy'), policyOf('cosign-2')), 'rejected content');
  const image: Artifact = { kind: 'bytes', bytes: utf8Of(vectorImage()) };
  assert.equal(
    await judge(parseBundle(readVector('images/bundle.json'), ''), policyOf('cosign-3', image)),
    'rejected content',
  );
});

test('the key in a bundle of its forger never verifies it', async () => {
  const forger = createKeyPair('ecdsa-p256');
  const signature = await signerOf(forger).sign(bytes);
  const entity: SignedEntity = {
    form: 'legacy',
    origin: '',
    content: { kind: 'message' },
    signature,
    signer: { kind: 'embedded-key', pem: publicKeyPemOf(forger.publicKey) },
    logEntries: [],
    logEvidence: 'promise',
    timestamps: [],
  };
  assert.equal(await judge(entity, policyOf('cosign-2')), 'rejected signer');
  assert.equal(await judge({ ...entity, signer: { kind: 'none' } }, policyOf('cosign-2')), 'rejected signature');
});

test('a required log entry that is not there rejects', async () => {
  const entity = parseBundle(readVector('blobs/cosign-2.3.json'), '');
  const policy: BlobPolicy = { ...policyOf('cosign-2'), log: { kind: 'required', threshold: 1 } };
  assert.equal(await judge(entity, policy), 'rejected log');
});
