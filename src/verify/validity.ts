/** Periods in which certificates, keys and authorities may be used. Both ends belong to them. */

import { rfc3339Of } from '../base/time.ts';
import type { ValidityPeriod } from '../formats/trust/trusted-root.ts';
import type { Certificate } from '../formats/x509/certificate.ts';

/** @source RFC 5280 section 4.1.2.5 */
export function lifetimeOf({ notBefore, notAfter }: Certificate): ValidityPeriod {
  return { start: notBefore, end: notAfter };
}

export function isWithin({ start, end }: ValidityPeriod, instant: Date): boolean {
  // Dates themselves are compared by way of a function call each.
  const time = instant.getTime();
  return start.getTime() <= time && (end === undefined || time <= end.getTime());
}

/** "2025-06-01T00:00:00Z to 2026-06-01T00:00:00Z", "2025-06-01T00:00:00Z and later". */
export function periodTextOf({ start, end }: ValidityPeriod): string {
  return end === undefined ? `${rfc3339Of(start)} and later` : `${rfc3339Of(start)} to ${rfc3339Of(end)}`;
}
