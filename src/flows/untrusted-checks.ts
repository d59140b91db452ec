/** Failures that only say that there was nobody to answer: they are unknown, not wrong. */

import type { SignedEntity } from '../formats/signed-entity.ts';
import { verdictOf } from '../verify/shared-steps.ts';
import type { TrustMaterial } from '../verify/trust-material.ts';
import type { Check, Verdict } from '../verify/verdict.ts';

/** The verdict, with what failed for want of trust as unknown. Undefined trust: nobody was named at all. */
export function withoutUntrusted(verdict: Verdict, entity: SignedEntity, trust: TrustMaterial | undefined): Verdict {
  if (verdict.status === 'verified') return verdict;
  const checks = verdict.checks.map((check): Check => {
    const lack = check.status === 'fail' ? lackOf(check, verdict.checks, entity, trust) : undefined;
    return lack === undefined ? check : { step: check.step, title: check.title, status: 'unknown', note: lack };
  });
  // What is wrong whoever is trusted decides before what nobody can tell.
  const failed = checks.find(({ status }) => status === 'fail');
  return failed === undefined
    ? verdictOf(checks, undefined, verdict.found)
    : { ...verdict, status: 'rejected', failed, checks };
}

/** Whose word the check would have needed, where nobody of that kind is trusted or that one could not be looked at. */
function lackOf(
  { step }: Check,
  checks: readonly Check[],
  { logEntries, timestamps }: SignedEntity,
  trust: TrustMaterial | undefined,
): string | undefined {
  const none = (what: string, trusted: readonly unknown[] = []): string | undefined =>
    trusted.length > 0 ? undefined : trust === undefined ? 'no trusted root' : `no trusted ${what}`;
  switch (step) {
    case 'log':
      return none('log', trust?.logs);
    case 'time':
    case 'certificate.time':
      if (!checks.some((each) => each.step === 'time' && each.status === 'fail')) return undefined;
      return (
        (checks.some((each) => each.step === 'log.body' && each.status === 'unknown')
          ? 'a log entry could not be compared'
          : undefined) ??
        (logEntries.length > 0 ? none('log', trust?.logs) : undefined) ??
        (timestamps.length > 0 ? none('timestamp authority', trust?.timestampAuthorities) : undefined)
      );
    case 'certificate.chain':
      return none('certificate authority', trust?.authorities);
    case 'sct':
      return none('certificate transparency log', trust?.ctLogs);
    default:
      return undefined;
  }
}
