/** Durations and instants as text. */

import { InputError } from './errors.ts';

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const RFC3339 = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(\.\d{1,9})?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** Characters of a duration: more than any that Go writes. */
const MAX_LENGTH = 100;

/** Reads a Go duration ("1h30m", "1.5s", "0") into milliseconds. Throws DURATION_MALFORMED.
 *  @source Go package time, ParseDuration */
export function parseDurationMs(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1;
  // Longer ones mean nothing, and the pattern below would take time cubed over them.
  const body = text.slice(0, MAX_LENGTH).replace(/^[-+]/, '');
  if (body === '0') {
    return 0;
  }
  const parts = [...body.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/g)];
  if (text.length > MAX_LENGTH || parts.length === 0 || parts.map(([part]) => part).join('') !== body) {
    throw new InputError(
      'DURATION_MALFORMED',
      `expected a duration such as 90s or 1h30m, got ${JSON.stringify(text.slice(0, 40))}`,
    );
  }
  return sign * parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNIT_MS[unit ?? ''] ?? Number.NaN), 0);
}

/** Reads an RFC 3339 time: "2026-01-02T03:04:05.678Z", or with an offset. What is finer than a millisecond is cut off.
 *  Throws INSTANT_MALFORMED. @source RFC 3339 section 5.6; Go package time, RFC3339Nano */
export function parseRfc3339(text: string): Date {
  const [, date = '', time = '', fraction = '', offset = ''] = RFC3339.exec(text) ?? [];
  const written = new Date(`${date}T${time}${fraction.slice(0, 4)}Z`);
  // A 31st of February would have become another day.
  const isReal = !Number.isNaN(written.getTime()) && written.toISOString().startsWith(`${date}T${time}`);
  if (!isReal) {
    throw new InputError(
      'INSTANT_MALFORMED',
      `expected a time such as 2026-01-02T03:04:05Z, got ${JSON.stringify(text.slice(0, 40))}`,
    );
  }
  return offset === 'Z' ? written : new Date(written.getTime() - offsetMsOf(offset));
}

/** RFC 3339 in UTC to the second: "2026-01-02T03:04:05Z". */
export function rfc3339Of(instant: Date): string {
  return `${instant.toISOString().slice(0, 19)}Z`;
}

/** "+02:30" */
function offsetMsOf(offset: string): number {
  const [hours = 0, minutes = 0] = offset.slice(1).split(':').map(Number);
  return (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
