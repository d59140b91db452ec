/** How many signers agree. */

import { failed, passed } from './shared-steps.ts';
import type { Check, Evidence, ProvenSigner } from './verdict.ts';

/** Counts distinct signers, and only signatures whose claims were compared with the image: one key, or one identity, that
 *  signed twice, in one form or in two, counts once. */
export function checkThreshold(evidences: readonly Evidence[], threshold: number): Check {
  const signers = new Set(
    evidences.filter((evidence) => evidence.isClaimsChecked).map((evidence) => signerIdOf(evidence.signer)),
  );
  const title = 'Enough different signers signed the image';
  const facts = { expected: `${threshold}`, seen: `${signers.size}` };
  return signers.size >= threshold && threshold >= 1
    ? passed('threshold', title, facts)
    : failed('threshold', title, facts);
}

/** The same for everything that one signer made: a key, or an identity with whatever certificate. */
export function signerIdOf(signer: ProvenSigner): string {
  return signer.kind === 'key'
    ? `key ${signer.key.fingerprint}`
    : `identity ${JSON.stringify([signer.issuer, signer.subject])}`;
}
