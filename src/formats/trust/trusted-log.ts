/** Logs of which somebody gave the key. */

import { keyDetailsOf } from '../../crypto/key-details.ts';
import type { PublicKey } from '../../crypto/public-key.ts';
import { logIdOf } from './log-id.ts';
import type { TrustedLog, ValidityPeriod } from './trusted-root.ts';

export interface LogFacts {
  readonly key: PublicKey;
  /** Its address, or what reports should call it. */
  readonly baseUrl: string;
  /** The name by which it signs checkpoints: for Rekor v2. */
  readonly origin?: string;
  readonly validFor: ValidityPeriod;
}

/** The period of a log of which nothing is known but its key. */
export const always: ValidityPeriod = { start: new Date(0) };

/** The log as a trusted root describes it. Throws KEY_UNSUPPORTED. */
export function trustedLogOf({ key, baseUrl, origin, validFor }: LogFacts): TrustedLog {
  return { baseUrl, logId: logIdOf(key, origin), keyBytes: key.spki, keyDetails: keyDetailsOf(key), validFor };
}
