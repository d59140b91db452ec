import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../test/support/error-code.ts';
import { createSigner } from '../../test/support/image-lab.ts';
import { utf8Of } from '../base/bytes.ts';
import { limits } from '../base/limits.ts';
import type { KeyAlgorithm } from '../crypto/key-algorithm.ts';
import { signBlob } from './sign-blob.ts';
import { verifyBlob } from './verify-blob.ts';
import type { BlobProof } from './verify-blob.ts';

const algorithms: readonly KeyAlgorithm[] = ['ecdsa-p256', 'ecdsa-p384', 'ecdsa-p521', 'ed25519', 'rsa'];
const text = utf8Of('hello, signed world');

async function* chunksOf(...chunks: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* chunks;
}

for (const algorithm of algorithms) {
  test(`a stream and its bytes signed with ${algorithm} verify by signature and by both bundles`, async () => {
    const signer = createSigner(algorithm);
    for (const message of [text, chunksOf(text.subarray(0, 5), text.subarray(5))]) {
      const signed = await signBlob(message, signer);
      assert.equal(signed.signer, signer.publicKey.fingerprint);
      const proofs: readonly BlobProof[] = [
        { kind: 'signature', signature: signed.signature },
        { kind: 'bundle', bytes: signed.bundle, name: 'bundle' },
        { kind: 'bundle', bytes: signed.legacyBundle, name: 'legacy bundle' },
      ];
      for (const proof of proofs) {
        const outcomeOf = async (content: Uint8Array): Promise<string> => {
          const { verdict } = await verifyBlob({
            keys: [signer.publicKey],
            log: { kind: 'none-configured' },
            artifact: { kind: 'stream', chunks: chunksOf(content) },
            proof,
          });
          return verdict.status;
        };
        assert.equal(await outcomeOf(text), 'verified');
        assert.equal(await outcomeOf(utf8Of('hello, other world')), 'rejected');
      }
    }
  });
}

test('a long stream is signed in constant memory, except with Ed25519, which says why not', async () => {
  const chunk = new Uint8Array(8 * 1024 * 1024);
  const long = async function* (bytes: number): AsyncIterable<Uint8Array> {
    for (let sent = 0; sent < bytes; sent += chunk.length) yield chunk.slice();
  };
  const before = process.memoryUsage().rss;
  await signBlob(long(256 * 1024 * 1024), createSigner('ecdsa-p256'));
  assert.ok(process.memoryUsage().rss - before < 128 * 1024 * 1024);
  const same = async function* (): AsyncIterable<Uint8Array> {
    for (let sent = 0; sent <= limits.wholeMessageBytes; sent += chunk.length) yield chunk;
  };
  await assert.rejects(signBlob(same(), createSigner('ed25519')), hasCode('INPUT_TOO_LARGE'));
});
