import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

import { root } from '../tools/project.ts';
import { moduleFactsOf } from '../tools/syntax.ts';
import { exactly, keyPolicyOf, noTrustMaterial, verifyBlobSignature } from './verify.ts';
import type { BlobPolicy, Identity, PublicKey, SignaturePolicy, SignedEntity } from './verify.ts';

/** Never called: it is there to be compiled. Each line that is marked must be an error of types, or the build fails. */
export function unsafeCalls(entity: SignedEntity, key: PublicKey, identity: Identity, policy: SignaturePolicy): void {
  const artifact = { kind: 'bytes', bytes: new Uint8Array() } as const;
  const { signer, trust, log, timestamps, now } = policy;
  const call = (blob: BlobPolicy): unknown => verifyBlobSignature(entity, blob);
  call({ ...policy, artifact });
  call({ ...keyPolicyOf([key]), artifact });

  // @ts-expect-error nobody is named who may sign
  call({ trust, log, timestamps, now, artifact });
  // @ts-expect-error an empty list of keys is not a policy
  call({ ...keyPolicyOf([]), artifact });
  // @ts-expect-error an empty list of identities means "anyone"
  call({ ...policy, signer: { kind: 'identities', identities: [], sct: { kind: 'required' } }, artifact });
  // @ts-expect-error whether certificates must be logged is not said
  call({ ...policy, signer: { kind: 'identities', identities: [identity] }, artifact });
  // @ts-expect-error a key and an identity at once
  call({ ...policy, signer: { kind: 'keys', keys: [key], identities: [identity] }, artifact });
  const by = (who: Identity): unknown =>
    call({ ...policy, signer: { kind: 'identities', identities: [who], sct: { kind: 'required' } }, artifact });
  // @ts-expect-error an identity without an issuer: any issuer could vouch for any name
  by({ subject: exactly('a'), extensions: {} });
  // @ts-expect-error a plain text is no matcher: is it the whole name, or a pattern?
  by({ ...identity, subject: 'a' });
  // @ts-expect-error nothing is said about logs
  call({ signer, trust, timestamps, now, artifact });
  // @ts-expect-error ignoring the log needs a reason for the report
  call({ ...policy, log: { kind: 'ignored' }, artifact });
  // @ts-expect-error a required log needs a threshold
  call({ ...policy, log: { kind: 'required' }, artifact });
  // @ts-expect-error nothing is said about timestamps
  call({ signer, trust, log, now, artifact });
  // @ts-expect-error nothing says whom to believe
  call({ signer, log, timestamps, now, artifact });
  // @ts-expect-error the artifact is left out
  call({ ...policy });
  // @ts-expect-error both bytes and hashes: which one was signed?
  call({ ...policy, artifact: { kind: 'bytes', bytes: new Uint8Array(), hashes: {} } });
}

test('what is exported from countersign/verify touches no Node module but crypto, on any path', () => {
  const seen = new Set<string>();
  const outside = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const { specifier = '' } of moduleFactsOf(path, readFileSync(path, 'utf8')).imports) {
      if (specifier.startsWith('.')) visit(join(dirname(path), specifier));
      else outside.add(specifier);
    }
  };
  visit(join(root, 'src/verify.ts'));
  assert.ok(seen.size > 50, 'the walk went somewhere');
  assert.deepEqual(
    [...outside].filter((name) => name.startsWith('node:')),
    ['node:crypto'],
  );
  const packages = [...outside].filter((name) => !name.startsWith('node:')).map((name) => name.split('/')[0]);
  assert.deepEqual(new Set(packages), new Set(['@noble', 're2js']));
});

test('no trust material trusts nobody', () => {
  assert.deepEqual(Object.values(noTrustMaterial).flat(), []);
});
