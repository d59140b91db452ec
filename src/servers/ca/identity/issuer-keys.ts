/** The keys of all issuers, kept for a while: an issuer is asked when its keys are first needed, when they have become old,
 *  and when a token turns up that they did not sign; never more than once in a pause, whatever tokens come. */

import { limits } from '../../../base/limits.ts';
import { unreachable } from './issuer-discovery.ts';
import type { Issuer } from './issuer.ts';
import type { KeySet } from './key-set.ts';

export interface IssuerKeys {
  /** Throws TOKEN_ISSUER_UNREACHABLE. */
  readonly current: (issuerUrl: string, issuer: Issuer) => Promise<KeySet>;
  /** Keys that are newer than these, or these. Throws TOKEN_ISSUER_UNREACHABLE. */
  readonly newer: (issuerUrl: string, issuer: Issuer, than: KeySet) => Promise<KeySet>;
}

export interface IssuerKeysOptions {
  readonly fetchKeys: (issuerUrl: string, issuer: Issuer) => Promise<KeySet>;
  readonly now: () => Date;
  /** Keys of issuers in this process, which are never asked. */
  readonly local: ReadonlyMap<string, KeySet>;
}

interface Known {
  keys: KeySet | undefined;
  keysAtMs: number;
  triedAtMs: number;
  failure: unknown;
  /** The question under way: all who wait share it. */
  pending: Promise<KeySet> | undefined;
}

/** Knows nothing yet. */
export function openIssuerKeys(options: IssuerKeysOptions): IssuerKeys {
  const { local } = options;
  const configured = new Map<string, Known>();
  const found = new Map<string, Known>();
  const knownOf = (issuerUrl: string, issuer: Issuer): Known =>
    issuer.pattern === undefined ? rememberedIn(configured, issuerUrl) : foundIn(found, issuerUrl);
  return {
    current: async (issuerUrl, issuer) => {
      const own = local.get(issuerUrl);
      if (own !== undefined) return own;
      const known = knownOf(issuerUrl, issuer);
      const isFresh = msSince(known.keysAtMs, options) < limits.issuerKeysMs;
      return known.keys !== undefined && isFresh ? known.keys : await ask(issuerUrl, issuer, known, options);
    },
    newer: async (issuerUrl, issuer, than) => {
      if (local.has(issuerUrl)) return than;
      const known = knownOf(issuerUrl, issuer);
      if (known.keys !== undefined && known.keys !== than) return known.keys;
      const isAnswered = known.pending === undefined && known.failure === undefined;
      return isAnswered && isPaused(known, options) ? than : await ask(issuerUrl, issuer, known, options);
    },
  };
}

async function ask(issuerUrl: string, issuer: Issuer, known: Known, options: IssuerKeysOptions): Promise<KeySet> {
  if (known.pending !== undefined) return known.pending;
  if (isPaused(known, options) && known.failure !== undefined) throw known.failure;
  known.triedAtMs = options.now().getTime();
  known.pending = options.fetchKeys(issuerUrl, issuer);
  try {
    known.keys = await known.pending;
    known.keysAtMs = known.triedAtMs;
    known.failure = undefined;
    return known.keys;
  } catch (error) {
    known.failure = error;
    throw error;
  } finally {
    known.pending = undefined;
  }
}

function isPaused({ triedAtMs }: Known, options: IssuerKeysOptions): boolean {
  return msSince(triedAtMs, options) < limits.issuerPauseMs;
}

/** After the clock was set back, nobody knows: long. */
function msSince(instantMs: number, { now }: IssuerKeysOptions): number {
  const ms = now().getTime() - instantMs;
  return ms < 0 ? Number.POSITIVE_INFINITY : ms;
}

function rememberedIn(all: Map<string, Known>, issuerUrl: string): Known {
  const known = all.get(issuerUrl) ?? {
    keys: undefined,
    keysAtMs: -Infinity,
    triedAtMs: -Infinity,
    failure: undefined,
    pending: undefined,
  };
  all.set(issuerUrl, known);
  return known;
}

/** Anyone can make up issuers that match a pattern. So few are asked at once, and those that gave no keys are the first to
 *  be forgotten, then those not used for longest. */
function foundIn(all: Map<string, Known>, issuerUrl: string): Known {
  const asked = [...all.values()].filter(({ pending }) => pending !== undefined);
  if (!all.has(issuerUrl) && asked.length >= limits.issuersInFlight) {
    throw unreachable(issuerUrl, `${asked.length} other issuers are being asked; try again in a moment`);
  }
  const known = rememberedIn(all, issuerUrl);
  all.delete(issuerUrl);
  all.set(issuerUrl, known);
  if (all.size > limits.foundIssuers) {
    const others = [...all].filter(([url, { pending }]) => url !== issuerUrl && pending === undefined);
    const [oldest] = others.find(([, { keys }]) => keys === undefined) ?? others[0] ?? [];
    if (oldest !== undefined) all.delete(oldest);
  }
  return known;
}
