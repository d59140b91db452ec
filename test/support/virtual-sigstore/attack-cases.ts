/** Tables of attacks, and the virtual Sigstore that they are all made against. */

import assert from 'node:assert/strict';
import test from 'node:test';

import { outcomesOf } from './judgement.ts';
import type { Attack, Outcome } from './judgement.ts';
import { createVirtualSigstore, statementOf } from './virtual-sigstore.ts';
import type { BundleJson, SignRequest } from './virtual-sigstore.ts';
import type { EntryJson } from './virtual-log.ts';

export interface AttackCase extends Omit<Attack, 'sigstore' | 'artifact' | 'good'> {
  readonly name: string;
  /** By default `message`. */
  readonly good?: SignRequest;
  /** Of the attacked signature: `verified` where other verifiers refuse without need. */
  readonly outcome: Outcome;
}

/** Attacks by their subject, such as "timestamp". */
export type AttackTables = Readonly<Record<string, readonly AttackCase[]>>;

export const artifact: Buffer = Buffer.from('something that is signed\n');
export const sigstore = createVirtualSigstore();
/** Nobody trusts it. */
export const foreign = createVirtualSigstore({ name: 'foreign' });

/** A file's signature, in Rekor v1. */
export const message: SignRequest = { content: { artifact } };
/** A file's attestation, in Rekor v1. */
export const attestation: SignRequest = { content: { payload: statementOf(artifact) } };
/** A file's signature, in Rekor v2 and with a timestamp. */
export const stamped: SignRequest = {
  ...message,
  entries: [{ log: sigstore.rekorV2 }],
  timestamps: [{ authority: sigstore.timestampAuthority }],
};

/** One test for each: without the attack the signature is verified, with it the outcome is this. */
export function testAttacks(subject: string, cases: readonly AttackCase[]): void {
  for (const { name, outcome, good = message, ...attack } of cases) {
    test(`${subject}${name}: ${outcome === 'verified' ? 'is verified' : `is rejected by ${outcome}`}`, async () => {
      const outcomes = await outcomesOf({ sigstore, artifact, good, ...attack });
      assert.deepEqual(outcomes, { good: 'verified', bad: outcome });
    });
  }
}

export function onEntry(change: (entry: EntryJson) => void): (bundle: BundleJson) => void {
  return ({ verificationMaterial: { tlogEntries } }) => {
    for (const entry of tlogEntries) change(entry);
  };
}
