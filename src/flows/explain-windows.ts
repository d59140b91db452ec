/** When what a signature depends on may be used, and the instants that fall into it. */

import { hexOf, isSameBytes } from '../base/bytes.ts';
import type { SignedEntity } from '../formats/signed-entity.ts';
import type { LogEntry } from '../formats/tlog/log-entry.ts';
import type { ValidityPeriod } from '../formats/trust/trusted-root.ts';
import { parseTimestampResponse } from '../formats/tsp/timestamp.ts';
import type { TimestampToken } from '../formats/tsp/timestamp.ts';
import { nameTextOf } from '../formats/x509/distinguished-name.ts';
import { checkStampedBy, claimsOf } from '../verify/timestamp-authority.ts';
import type { Claim } from '../verify/timestamp-authority.ts';
import type { TimestampAuthority, TrustMaterial } from '../verify/trust-material.ts';
import { isWithin, lifetimeOf } from '../verify/validity.ts';
import type { CertificatePath, Findings, ProvenTime } from '../verify/verdict.ts';
import type { EntityDescription } from './explain-entity.ts';
import { orUnread } from './unread.ts';

/** As long as everything that it depends on may be used: an authority no longer than those above it, and the trust in it.
 *  Ends before it starts where there is no such time. */
export interface ValidityWindow extends ValidityPeriod {
  readonly name: 'certificate' | 'issuing CA' | 'log key' | 'TSA';
  /** Whose: a subject, an address. */
  readonly whose: string;
}

export interface TimeMark {
  readonly kind: 'integrated' | 'timestamp' | 'now';
  readonly instant: Date;
  readonly by: string;
  /** Whether somebody trusted vouches for it. */
  readonly isProven: boolean;
  /** Names of the windows that it should lie in and does not. */
  readonly outside: readonly ValidityWindow['name'][];
}

export interface Timeline {
  readonly windows: readonly ValidityWindow[];
  /** In the order of time. */
  readonly marks: readonly TimeMark[];
}

/** Of an entity, its description, whom to believe and what was proven. The windows that are known: without trust, the
 *  certificate's alone. */
export function timelineOf(
  entity: SignedEntity,
  description: EntityDescription,
  trust: TrustMaterial | undefined,
  found: Findings | undefined,
  now: Date,
): Timeline {
  const certificate = [...ownWindowsOf(description), ...issuerWindowsOf(found?.path)];
  const claims = [
    ...entity.logEntries.flatMap((entry, index) => {
      const instant = description.entries[index]?.integratedTime;
      return instant === undefined ? [] : [{ instant, ...logClaimOf(entry, trust) }];
    }),
    ...entity.timestamps.flatMap((der, index) => {
      const stamp = description.timestamps[index];
      return stamp?.kind === 'timestamp' ? [{ instant: stamp.instant, ...stampClaimOf(der, stamp.by, trust) }] : [];
    }),
  ];
  // Entries without a time of their own depend on their log's key, too.
  const logs = entity.logEntries.flatMap((entry) => logClaimOf(entry, trust).window ?? []);
  const windows = [...certificate, ...distinct([...logs, ...claims.flatMap(({ window }) => window ?? [])])];
  const marks = claims.map(({ instant, kind, by, window }): TimeMark => {
    const concerned = [...certificate, ...(window === undefined ? [] : [window])];
    const outside = concerned.filter((each) => !isWithin(each, instant)).map(({ name }) => name);
    return { kind, instant, by, isProven: isProven(found, kind, instant, by), outside };
  });
  const nowMark: TimeMark = { kind: 'now', instant: now, by: "this machine's clock", isProven: false, outside: [] };
  return { windows, marks: [...marks, nowMark].toSorted((a, b) => a.instant.getTime() - b.instant.getTime()) };
}

/** Who is said to vouch for an instant, and when that one's word counts. */
interface TimeClaim {
  readonly kind: 'integrated' | 'timestamp';
  readonly by: string;
  readonly window?: ValidityWindow;
}

const SOURCES: Readonly<Record<TimeClaim['kind'], ProvenTime['source']>> = {
  integrated: 'log',
  timestamp: 'timestamp',
};

function isProven(found: Findings | undefined, kind: TimeClaim['kind'], instant: Date, by: string): boolean {
  const times = found?.times ?? [];
  return times.some(
    (time) => time.source === SOURCES[kind] && time.by === by && time.instant.getTime() === instant.getTime(),
  );
}

function ownWindowsOf({ signer }: EntityDescription): readonly ValidityWindow[] {
  if (signer.kind !== 'certificate') return [];
  const { notBefore: start, notAfter: end, names } = signer;
  return [{ name: 'certificate', whose: names.subjects[0] ?? '', start, end }];
}

function issuerWindowsOf(path: CertificatePath | undefined): readonly ValidityWindow[] {
  const [issuer] = path?.issuers ?? [];
  if (path === undefined || issuer === undefined) return [];
  const period = commonPeriodOf([path.authority.validFor, ...path.issuers.map(lifetimeOf)]);
  return [{ name: 'issuing CA', whose: nameTextOf(issuer.subject), ...period }];
}

/** By the log's id, which is made from its key. */
function logClaimOf({ logId }: LogEntry, trust: TrustMaterial | undefined): TimeClaim {
  const log = trust?.logs.find((each) => isSameBytes(each.logId, logId));
  return log === undefined
    ? { kind: 'integrated', by: `log ${hexOf(logId).slice(0, 16)}…` }
    : { kind: 'integrated', by: log.baseUrl, window: { name: 'log key', whose: log.baseUrl, ...log.validFor } };
}

/** By the certificate that the stamp names; of several authorities that have it, the one that did stamp. */
function stampClaimOf(der: Uint8Array, named: string, trust: TrustMaterial | undefined): TimeClaim {
  // Certificates that came along can be malformed where only this looks.
  const best = orUnread(() => makerOf(parseTimestampResponse(der), trust?.timestampAuthorities ?? []));
  if (best.kind !== 'named') return { kind: 'timestamp', by: named };
  const { claim, maker } = best;
  const by = maker.fault === undefined ? maker.by : claim.authority.uri || named;
  return { kind: 'timestamp', by, window: { name: 'TSA', whose: by, ...stampingPeriodOf(claim) } };
}

interface NamedMaker {
  readonly kind: 'named';
  readonly claim: Claim;
  readonly maker: ReturnType<typeof checkStampedBy>;
}

function makerOf(token: TimestampToken, authorities: readonly TimestampAuthority[]): NamedMaker | { kind: 'stranger' } {
  const named = claimsOf(token, authorities).map((claim): NamedMaker => {
    return { kind: 'named', claim, maker: checkStampedBy(token, claim) };
  });
  return named.find(({ maker }) => maker.fault === undefined) ?? named[0] ?? { kind: 'stranger' };
}

function stampingPeriodOf({ authority, leaf }: Claim): ValidityPeriod {
  const path = [...(leaf === undefined ? [] : [leaf]), ...authority.issuers];
  return commonPeriodOf([authority.validFor, ...path.map(lifetimeOf)]);
}

function commonPeriodOf(periods: readonly ValidityPeriod[]): ValidityPeriod {
  const start = new Date(Math.max(...periods.map((period) => period.start.getTime())));
  const ends = periods.flatMap(({ end }) => end?.getTime() ?? []);
  return ends.length === 0 ? { start } : { start, end: new Date(Math.min(...ends)) };
}

function distinct(windows: readonly ValidityWindow[]): readonly ValidityWindow[] {
  const keyOf = ({ name, whose, start, end }: ValidityWindow): string => JSON.stringify([name, whose, start, end]);
  return [...new Map(windows.map((window) => [keyOf(window), window])).values()];
}
