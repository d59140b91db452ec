/** How a stack is: what expires when, what its logs hold, and whether it can do its work. */

import { rfc3339Of } from '../../base/time.ts';
import type { TileLog } from '../tiles/tile-log.ts';
import { offlineKeyNames } from './stack-keys.ts';

/** Something that ends at a known time. */
export interface Expiry {
  /** "certificate authority", "TUF timestamp". */
  readonly what: string;
  readonly expires: Date;
  /** From then on `status` warns. */
  readonly warnFrom: Date;
  /** From then on the stack is not ready: what it hands out would soon be refused. */
  readonly failFrom: Date;
}

export interface Condition {
  readonly isReady: boolean;
  /** Why it is not ready, or will not be. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  readonly logs: Readonly<
    Record<string, { readonly entries: string; readonly checkpoint: string; readonly trouble?: string }>
  >;
  readonly expiries: Readonly<Record<string, string>>;
}

export interface ConditionFacts {
  readonly logs: readonly TileLog[];
  readonly expiries: readonly Expiry[];
  /** Names of the private keys in the data directory. */
  readonly keyNames: readonly string[];
  readonly isDevelopment: boolean;
  /** What else people should know. */
  readonly remarks: readonly string[];
}

/** Judges the facts at this time. */
export function conditionOf(
  { logs, expiries, keyNames, isDevelopment, remarks }: ConditionFacts,
  now: Date,
): Condition {
  const troubles = logs.flatMap((log) => {
    const trouble = log.trouble();
    return trouble === undefined ? [] : [`log ${log.kind.name} takes no entries: ${trouble}`];
  });
  const expired = expiries.filter(({ failFrom }) => failFrom <= now);
  const expiring = expiries.filter(({ failFrom, warnFrom }) => failFrom > now && warnFrom <= now);
  const kept = offlineKeyNames.filter((name) => keyNames.includes(name));
  const isExportDue = kept.length > 0 && !isDevelopment;
  const problems = [...troubles, ...expired.map((expiry) => sentenceOf(expiry, now))];
  return {
    isReady: problems.length === 0,
    problems,
    warnings: [
      ...expiring.map((expiry) => sentenceOf(expiry, now)),
      ...(isExportDue
        ? [`the keys ${kept.join(', ')} are in the data directory: take them out with "countersign stack root export"`]
        : []),
      ...remarks,
    ],
    logs: Object.fromEntries(logs.map((log) => [log.kind.name, logConditionOf(log)])),
    expiries: Object.fromEntries(expiries.map(({ what, expires }) => [what, rfc3339Of(expires)])),
  };
}

function logConditionOf(log: TileLog): Condition['logs'][string] {
  const { size, time } = log.head();
  const trouble = log.trouble();
  return {
    entries: size.toString(),
    checkpoint: rfc3339Of(time),
    ...(trouble === undefined ? {} : { trouble }),
  };
}

function sentenceOf({ what, expires }: Expiry, now: Date): string {
  const hours = Math.round((expires.getTime() - now.getTime()) / 3_600_000);
  const when = hours >= 48 ? `in ${Math.round(hours / 24)} days` : `in ${hours} hours`;
  return `${what} ${expires <= now ? 'expired on' : `expires ${when}, on`} ${rfc3339Of(expires)}`;
}
