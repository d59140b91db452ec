import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { hasCode } from '../../test/support/error-code.ts';
import { createSigner } from '../../test/support/image-lab.ts';
import { utf8Of } from '../base/bytes.ts';
import { limits } from '../base/limits.ts';
import type { KeyAlgorithm } from '../crypto/key-algorithm.ts';
import { signBlob } from './sign-blob.ts';
import { keyMethodOf } from './signing-method.ts';
import { verifyBlob } from './verify-blob.ts';
import type { BlobProof } from './verify-blob.ts';
import { keyPolicyOf } from '../verify/policy.ts';

const algorithms: readonly KeyAlgorithm[] = ['ecdsa-p256', 'ecdsa-p384', 'ecdsa-p521', 'ed25519', 'rsa'];
const text = utf8Of('hello, signed world');

async function* chunksOf(...chunks: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* chunks;
}

for (const algorithm of algorithms) {
  test(`a stream and its bytes signed with ${algorithm} verify by signature and by both bundles`, async () => {
    const signer = createSigner(algorithm);
    for (const message of [text, chunksOf(text.subarray(0, 5), text.subarray(5))]) {
      const signed = await signBlob(message, keyMethodOf(signer));
      assert.equal(signed.signer, signer.publicKey.fingerprint);
      const proofs: readonly BlobProof[] = [
        { kind: 'signature', signature: signed.signature },
        { kind: 'bundle', bytes: signed.bundle, name: 'bundle' },
        { kind: 'bundle', bytes: signed.legacyBundle, name: 'legacy bundle' },
      ];
      for (const proof of proofs) {
        const outcomeOf = async (content: Uint8Array): Promise<string> => {
          const { verdict } = await verifyBlob({
            signature: keyPolicyOf([signer.publicKey]),
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
  const chunkBytes = 8 * 1024 * 1024;
  const collect = collector();
  let peak = 0;
  const long = async function* (): AsyncIterable<Uint8Array> {
    for (let sent = 0; sent < 256 * 1024 * 1024; sent += chunkBytes) {
      yield new Uint8Array(chunkBytes);
      // What is left after a collection is what the signer holds on to.
      collect();
      peak = Math.max(peak, process.memoryUsage().arrayBuffers);
    }
  };
  collect();
  const before = process.memoryUsage().arrayBuffers;
  await signBlob(long(), keyMethodOf(createSigner('ecdsa-p256')));
  assert.ok(peak - before < 4 * chunkBytes, `${peak - before} bytes held`);
  const chunk = new Uint8Array(chunkBytes);
  const same = async function* (): AsyncIterable<Uint8Array> {
    for (let sent = 0; sent <= limits.wholeMessageBytes; sent += chunkBytes) yield chunk;
  };
  await assert.rejects(signBlob(same(), keyMethodOf(createSigner('ed25519'))), hasCode('INPUT_TOO_LARGE'));
});

function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
