/** Step 5: when the signature existed, by the word of somebody trusted. A certificate lives for minutes, so without a
 *  proven time it proves nothing; a key has no such need. */

import { rfc3339Of } from '../base/time.ts';
import type { Proof } from './proof.ts';
import { failed, passed } from './shared-steps.ts';
import type { Check, ProvenTime } from './verdict.ts';

const TITLE = 'Somebody trusted says when the signature was made';
const CLOCK = "this machine's clock";

/** Gives the clock's time where nothing else was asked for or is there. */
export function checkTime(proof: Proof): Proof {
  const { policy, entity, certificate, times, checks } = proof;

  // 1. What logs and authorities vouch for. Each of these times will have to fit the certificate, not the best one only.
  if (times.length > 0) {
    const seen = times.map(({ instant, by }) => `${rfc3339Of(instant)} by ${by}`).join(', ');
    return { ...proof, checks: [...checks, passed('time', TITLE, { seen })] };
  }

  // 2. Keys do not expire.
  if (certificate === undefined || policy.signer.kind === 'keys') {
    const check: Check = { step: 'time', title: TITLE, status: 'skip', note: 'a key needs no time' };
    return { ...proof, checks: [...checks, check] };
  }

  // 3. The clock, only where logs were given up by name and nothing claims another time: a timestamp that cannot be used
  //    is told, never passed over.
  if (policy.log.kind === 'ignored' && policy.timestamps.kind === 'if-present' && entity.timestamps.length === 0) {
    const time: ProvenTime = { instant: policy.now, source: 'clock', by: CLOCK };
    const check = passed('time', TITLE, { seen: rfc3339Of(policy.now), note: `time: ${CLOCK} (${policy.log.by})` });
    return { ...proof, times: [time], checks: [...checks, check] };
  }
  return { ...proof, checks: [...checks, missingTime(proof)] };
}

function missingTime({ entity, policy }: Proof): Check {
  const stated = entity.logEntries.filter(({ integratedTime }) => integratedTime !== undefined).length;
  const unused = [
    stated === 0 ? '' : `log entries with a time that no trusted log signed: ${stated}`,
    entity.timestamps.length === 0 ? '' : `timestamps that do not count: ${entity.timestamps.length}`,
  ].filter((text) => text !== '');
  return failed('time', TITLE, {
    expected: 'a time signed by a trusted log or timestamp authority, which a certificate needs',
    seen: unused.length === 0 ? 'none' : unused.join(', '),
    next:
      entity.timestamps.length > 0 && policy.trust.timestampAuthorities.length === 0
        ? 'Name the trusted root, or the timestamp authority, whose timestamps you trust.'
        : 'Ask the signer for a bundle with a timestamp of an authority that you trust.',
  });
}
