/** Judges a certificate before anything is signed with it: whether those who verify would believe it. */

import { checkCertificate } from './certificate-step.ts';
import { checkIdentity } from './identity-step.ts';
import type { SignerPolicy } from './policy.ts';
import type { Proof, Step } from './proof.ts';
import { checkSct } from './sct-step.ts';
import { isDecisive } from './shared-steps.ts';
import { checkSigner } from './signer-step.ts';
import type { TrustMaterial } from './trust-material.ts';
import type { Check } from './verdict.ts';

export interface IssuedCertificatePolicy {
  /** Whom it must name, and whether it must have been logged. */
  readonly signer: Extract<SignerPolicy, { readonly kind: 'identities' }>;
  readonly trust: TrustMaterial;
  /** When it must be valid. */
  readonly instant: Date;
}

const steps: readonly Step[] = [checkSigner, checkCertificate, checkSct, checkIdentity];

/** The check that it fails; undefined when verifiers with this trust would believe it at that instant. `chain`: leaf
 *  first, DER. */
export async function faultOfIssuedCertificate(
  chain: readonly [Uint8Array, ...Uint8Array[]],
  { signer, trust, instant }: IssuedCertificatePolicy,
): Promise<Check | undefined> {
  let proof: Proof = {
    entity: {
      form: 'bundle',
      origin: 'the answer of the certificate authority',
      content: { kind: 'message' },
      signature: new Uint8Array(),
      signer: { kind: 'certificate', chain },
      logEntries: [],
      logEvidence: 'proof',
      timestamps: [],
    },
    policy: {
      signer,
      trust,
      log: { kind: 'none-configured' },
      timestamps: { kind: 'if-present' },
      now: instant,
    },
    signed: { kind: 'hashes', hashes: {} },
    checks: [],
    entries: [],
    times: [{ instant, source: 'clock', by: "this machine's clock" }],
  };
  for (const step of steps) {
    proof = await step(proof);
    const fault = proof.checks.find(isDecisive);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
