/** What the flags say about transparency logs. */

import type { LogPolicy } from '../verify/policy.ts';
import type { Session } from './session.ts';

/** As cosign names what is not looked for in a log. */
export type LoggedSubject = 'signature' | 'blob' | 'attestation' | 'blob attestation';

interface LogFlags {
  readonly 'insecure-ignore-tlog': boolean;
  readonly 'private-infrastructure': boolean;
}

/** Says cosign's warning when logs are ignored. */
export function logPolicyOf(
  values: LogFlags,
  { log }: Session,
  subject: LoggedSubject,
  isConfigured: boolean,
): LogPolicy {
  const by = values['insecure-ignore-tlog']
    ? '--insecure-ignore-tlog'
    : values['private-infrastructure']
      ? '--private-infrastructure'
      : undefined;
  if (by === undefined) return isConfigured ? { kind: 'required', threshold: 1 } : { kind: 'none-configured' };
  log.warn(
    `Skipping tlog verification is an insecure practice that lacks transparency and auditability verification for the ${subject}.`,
  );
  return { kind: 'ignored', by };
}
