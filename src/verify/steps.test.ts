import assert from 'node:assert/strict';
import { test } from 'node:test';

import { policyOf } from '../../test/support/virtual-sigstore/judgement.ts';
import { createVirtualKey, digestOf } from '../../test/support/virtual-sigstore/virtual-key.ts';
import { createVirtualSigstore } from '../../test/support/virtual-sigstore/virtual-sigstore.ts';
import type { SignRequest } from '../../test/support/virtual-sigstore/virtual-sigstore.ts';
import { utf8Of } from '../base/bytes.ts';
import { parseBundle } from '../formats/bundle/bundle.ts';
import { verifyBlobSignature } from './blob-signature.ts';
import type { Artifact } from './blob-signature.ts';
import type { SignaturePolicy } from './policy.ts';
import type { Verdict } from './verdict.ts';

const sigstore = createVirtualSigstore();
const file = utf8Of('a file');
const whole: Artifact = { kind: 'bytes', bytes: file };

test('without its key nobody can say whose signature by a key it is: could not look, and no crash', async () => {
  for (const isExhaustive of [false, true]) {
    const verdict = await judge({ signer: 'key' }, whole, { signer: { kind: 'unsafe-anyone' }, isExhaustive });
    assert.deepEqual(answerOf(verdict), ['unknown', 'signer']);
  }
});

test('a digest by another hash than the key signs by is not looked at, which is no rejection', async () => {
  const cases = [
    ['p256', 'sha512'],
    ['p384', 'sha256'],
    ['p521', 'sha256'],
    ['rsa-2048', 'sha384'],
    // What comes after would fail for want of a log entry that can be compared.
    ['ed25519', 'sha256'],
    ['ed25519', 'sha512'],
  ] as const;
  for (const [kind, hash] of cases) {
    const artifact: Artifact = { kind: 'hashes', hashes: { [hash]: digestOf(hash, file) } };
    for (const isExhaustive of [false, true]) {
      const verdict = await judge({ key: createVirtualKey(kind) }, artifact, { isExhaustive });
      assert.deepEqual(answerOf(verdict), ['unknown', 'signature'], `${kind} by ${hash}`);
    }
  }
});

test('a digest of another file is rejected', async () => {
  const artifact: Artifact = { kind: 'hashes', hashes: { sha256: digestOf('sha256', utf8Of('another file')) } };
  assert.deepEqual(answerOf(await judge({}, artifact, {})), ['rejected', 'digest']);
});

test('a threshold that nothing can miss is missed by everything', async () => {
  const stamped: Partial<SignRequest> = { timestamps: [{ authority: sigstore.timestampAuthority }] };
  for (const threshold of [0, -1, Number.NaN]) {
    const byLogs = await judge(stamped, whole, { log: { kind: 'required', threshold } });
    assert.deepEqual(answerOf(byLogs), ['rejected', 'log'], `${threshold} logs`);
  }
  for (const threshold of [0, Number.NaN]) {
    const byStamps = await judge({}, whole, { timestamps: { kind: 'required', threshold } });
    assert.deepEqual(answerOf(byStamps), ['rejected', 'timestamp'], `${threshold} authorities`);
  }
});

test('a policy for logs that is misspelled, as JavaScript allows, does not switch them off', async () => {
  const log = { kind: 'requierd', threshold: 1 } as unknown as SignaturePolicy['log'];
  const request: Partial<SignRequest> = { entries: [], timestamps: [{ authority: sigstore.timestampAuthority }] };
  assert.deepEqual(answerOf(await judge(request, whole, { log })), ['rejected', 'log']);
});

async function judge(
  request: Partial<SignRequest>,
  artifact: Artifact,
  parts: Partial<SignaturePolicy>,
): Promise<Verdict> {
  const bundle = sigstore.sign({ content: { artifact: file }, ...request }).bundle();
  const entity = parseBundle(utf8Of(JSON.stringify(bundle)), 'test');
  return verifyBlobSignature(entity, { ...policyOf(sigstore, sigstore.trustedRoot(), parts), artifact });
}

function answerOf(verdict: Verdict): readonly string[] {
  return verdict.status === 'verified' ? ['verified'] : [verdict.status, verdict.failed.step];
}
