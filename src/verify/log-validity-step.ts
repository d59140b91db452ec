/** Step 6, once times are known: the keys of the logs were in use at the time (CVE-2026-54787). */

import { rfc3339Of } from '../base/time.ts';
import type { Proof } from './proof.ts';
import { failed, passed } from './shared-steps.ts';
import { isWithin, periodTextOf } from './validity.ts';
import type { Check } from './verdict.ts';

/** For entries that only a proof vouches for: there the log signed no time. At one of the times that others proved, or now
 *  where nobody proved one (a key without timestamps), the log's key must have been in use: one that was retired and
 *  leaked later would otherwise go on making entries. */
export function checkLogValidity(proof: Proof): Proof {
  const { policy, times, certificate } = proof;
  // A certificate without a time has been refused.
  if (certificate !== undefined && times.length === 0) return proof;
  const title = "The log's key was in use at the time";
  const instants = times.length === 0 ? [policy.now] : times.map(({ instant }) => instant);
  const untimed = proof.entries.filter(({ integratedTime }) => integratedTime === undefined);
  const checks = untimed.map(({ logIdHex, baseUrl }): Check => {
    const validFor = policy.trust.logs.find((log) => log.logIdHex === logIdHex)?.validFor;
    const seen = instants.map(rfc3339Of).join(', ');
    return validFor !== undefined && instants.some((instant) => isWithin(validFor, instant))
      ? passed('log.time', title, { seen })
      : failed('log.time', title, {
          expected: validFor === undefined ? 'a trusted log' : periodTextOf(validFor),
          seen,
          note: `the key of ${baseUrl}`,
        });
  });
  return { ...proof, checks: [...proof.checks, ...checks] };
}
