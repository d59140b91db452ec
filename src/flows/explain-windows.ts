/** When what a signature depends on may be used, and the instants that fall into it. */

import { hexOf, isSameBytes } from '../base/bytes.ts';
import type { ValidityPeriod } from '../formats/trust/trusted-root.ts';
import { isWithin, lifetimeOf } from '../verify/validity.ts';
import { parseCertificate } from '../formats/x509/certificate.ts';
import { nameTextOf } from '../formats/x509/distinguished-name.ts';
import type { SignedEntity } from '../formats/signed-entity.ts';
import type { TrustMaterial } from '../verify/trust-material.ts';
import type { EntityDescription } from './explain-entity.ts';

export interface ValidityWindow extends ValidityPeriod {
  readonly name: 'certificate' | 'issuing CA' | 'log key' | 'TSA';
  /** Whose: a subject, an address. */
  readonly whose: string;
}

export interface TimeMark {
  readonly kind: 'integrated' | 'timestamp' | 'now';
  readonly instant: Date;
  readonly by: string;
  /** Names of the windows that it should lie in and does not. */
  readonly outside: readonly string[];
}

export interface Timeline {
  readonly windows: readonly ValidityWindow[];
  /** In the order of time. */
  readonly marks: readonly TimeMark[];
}

/** The windows that are known: without trust, the certificate's alone. */
export function timelineOf(
  entity: SignedEntity,
  description: EntityDescription,
  trust: TrustMaterial | undefined,
  now: Date,
): Timeline {
  const windows = [
    ...certificateWindowsOf(entity, description, trust),
    ...logWindowsOf(description, trust),
    ...authorityWindowsOf(description, trust),
  ];
  const instants = [
    ...description.entries.flatMap(({ integratedTime, logIdHex }) =>
      integratedTime === undefined
        ? []
        : [{ kind: 'integrated' as const, instant: integratedTime, by: logNameOf(logIdHex, trust) }],
    ),
    ...description.timestamps.flatMap((stamp) =>
      stamp.kind === 'timestamp' ? [{ kind: 'timestamp' as const, instant: stamp.instant, by: stamp.by }] : [],
    ),
  ];
  const marks: readonly TimeMark[] = instants.map((each) => ({
    ...each,
    outside: windows.filter((window) => concerns(window, each.kind) && !isWithin(window, each.instant)).map(nameOf),
  }));
  const nowMark: TimeMark = { kind: 'now', instant: now, by: "this machine's clock", outside: [] };
  return { windows, marks: [...marks, nowMark].toSorted((a, b) => a.instant.getTime() - b.instant.getTime()) };
}

function nameOf({ name }: ValidityWindow): string {
  return name;
}

/** A log's time says nothing about a timestamp authority, nor the other way round. */
function concerns({ name }: ValidityWindow, kind: TimeMark['kind']): boolean {
  return name === 'TSA' ? kind === 'timestamp' : name === 'log key' ? kind === 'integrated' : true;
}

function certificateWindowsOf(
  { signer }: SignedEntity,
  description: EntityDescription,
  trust: TrustMaterial | undefined,
): readonly ValidityWindow[] {
  if (description.signer.kind !== 'certificate' || signer.kind !== 'certificate') return [];
  const leaf = parseCertificate(signer.chain[0] ?? new Uint8Array());
  const { subjects } = description.signer.names;
  const own: ValidityWindow = { name: 'certificate', whose: subjects[0] ?? '', ...lifetimeOf(leaf) };
  const issuer = trust?.authorities
    .flatMap(({ chain }) => chain)
    .find(({ subject }) => isSameBytes(subject, leaf.issuer));
  return issuer === undefined
    ? [own]
    : [own, { name: 'issuing CA', whose: nameTextOf(issuer.subject), ...lifetimeOf(issuer) }];
}

function logWindowsOf({ entries }: EntityDescription, trust: TrustMaterial | undefined): readonly ValidityWindow[] {
  const ids = new Set(entries.map(({ logIdHex }) => logIdHex));
  return (trust?.logs ?? [])
    .filter(({ logIdHex }) => ids.has(logIdHex))
    .map(({ baseUrl, validFor }) => ({ name: 'log key', whose: baseUrl, ...validFor }));
}

function authorityWindowsOf(
  { timestamps }: EntityDescription,
  trust: TrustMaterial | undefined,
): readonly ValidityWindow[] {
  const names = new Set(timestamps.flatMap((stamp) => (stamp.kind === 'timestamp' ? [stamp.by] : [])));
  if (names.size === 0) return [];
  return (trust?.timestampAuthorities ?? [])
    .filter(({ leaf, issuers }) =>
      [...(leaf === undefined ? [] : [leaf.issuer]), ...issuers.map(({ subject }) => subject)].some((name) =>
        names.has(nameTextOf(name)),
      ),
    )
    .map(({ uri, leaf, validFor }) => ({
      name: 'TSA',
      whose: uri,
      ...(leaf === undefined ? validFor : lifetimeOf(leaf)),
    }));
}

function logNameOf(logIdHex: string, trust: TrustMaterial | undefined): string {
  const known = trust?.logs.find((log) => hexOf(log.logId) === logIdHex);
  return known === undefined ? `log ${logIdHex.slice(0, 16)}…` : known.baseUrl;
}
