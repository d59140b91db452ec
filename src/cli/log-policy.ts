/** What the flags say about transparency logs. */

import type { LogPolicy } from '../verify/policy.ts';
import type { Session } from './session.ts';

interface LogFlags {
  readonly 'insecure-ignore-tlog': boolean;
  readonly 'private-infrastructure': boolean;
}

/** Says cosign's warning when logs are ignored. This version has none to configure. */
export function logPolicyOf(values: LogFlags, { log }: Session, subject: 'signature' | 'blob'): LogPolicy {
  const by = values['insecure-ignore-tlog']
    ? '--insecure-ignore-tlog'
    : values['private-infrastructure']
      ? '--private-infrastructure'
      : undefined;
  if (by === undefined) return { kind: 'none-configured' };
  log.warn(
    `Skipping tlog verification is an insecure practice that lacks transparency and auditability verification for the ${subject}.`,
  );
  return { kind: 'ignored', by };
}
