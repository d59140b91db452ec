/** How many signers agree. */

import { failed, passed } from './shared-steps.ts';
import type { Check, Evidence } from './verdict.ts';

/** Counts distinct keys, and only signatures whose claims were compared with the image: one key that signed twice, in
 *  one form or in two, counts once. */
export function checkThreshold(evidences: readonly Evidence[], threshold: number): Check {
  const keys = new Set(
    evidences.filter((evidence) => evidence.isClaimsChecked).map((evidence) => evidence.key.fingerprint),
  );
  const title = 'Enough different keys signed the image';
  const facts = { expected: `${threshold}`, seen: `${keys.size}` };
  return keys.size >= threshold && threshold >= 1
    ? passed('threshold', title, facts)
    : failed('threshold', title, facts);
}
