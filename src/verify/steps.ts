/** The steps that make a signature good, whatever it covers: read this list, then one file per step. */

import type { SignedEntity } from '../formats/signed-entity.ts';
import { checkCertificate } from './certificate-step.ts';
import { checkIdentity } from './identity-step.ts';
import { checkLog } from './log-step.ts';
import { checkLogValidity } from './log-validity-step.ts';
import type { SignaturePolicy } from './policy.ts';
import type { Proof, SignedBytes, Step } from './proof.ts';
import { checkSct } from './sct-step.ts';
import { isDecisive } from './shared-steps.ts';
import { checkSignature } from './signature-step.ts';
import { checkSigner } from './signer-step.ts';
import { checkTime } from './time-step.ts';
import { checkTimestamps } from './timestamp-step.ts';

const steps: readonly Step[] = [
  // 1. It was made by what the caller trusts: a key, or a certificate. A key that comes with the signature proves nothing.
  checkSigner,
  // 2. It fits: by the caller's key, or by the certificate's, which is nobody's until step 7.
  checkSignature,
  // 3. Every entry of a trusted log is about this very signature, and the log signed for it.
  checkLog,
  // 4. Every timestamp of a trusted authority is over this very signature.
  checkTimestamps,
  // 5. From 3 and 4: when did it exist?
  checkTime,
  // 6. The keys of the logs were in use then.
  checkLogValidity,
  // 7. At all these times, a trusted authority vouched for the certificate.
  checkCertificate,
  // 8. The certificate itself was logged.
  checkSct,
  // 9. It names somebody who may sign.
  checkIdentity,
];

/** Runs the steps. Stops after the first one with a check that failed or could not look (what comes after would fail for
 *  want of its findings), unless the policy is exhaustive. */
export async function proveSignature(
  entity: SignedEntity,
  signed: SignedBytes,
  policy: SignaturePolicy,
): Promise<Proof> {
  // An instant that is none would be neither before nor after anything.
  if (Number.isNaN(policy.now.getTime())) {
    throw new TypeError('policy.now: expected an instant, got an invalid Date');
  }
  let proof: Proof = { entity, policy, signed, checks: [], entries: [], times: [] };
  for (const step of steps) {
    proof = await step(proof);
    if (policy.isExhaustive !== true && proof.checks.some(isDecisive)) {
      break;
    }
  }
  return proof;
}
