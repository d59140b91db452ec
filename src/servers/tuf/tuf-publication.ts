/** What has to be signed so that a repository says what it should, to clients that come today and in the days after. */

import { CountersignError } from '../../base/errors.ts';
import { openTrustedMetadata } from '../../clients/tuf/trusted-metadata.ts';
import type { Signer } from '../../crypto/signer.ts';
import { canonicalJsonOf } from '../../formats/tuf/canonical-json.ts';
import {
  snapshotContentOf,
  targetListOf,
  targetsContentOf,
  timestampContentOf,
} from '../../formats/tuf/document-content.ts';
import type { ContentHead, Targets } from '../../formats/tuf/document-content.ts';
import { parseTufDocument } from '../../formats/tuf/document.ts';
import type { TopRole, TufHead } from '../../formats/tuf/document.ts';
import { isSignedBy, signTufDocument } from '../../formats/tuf/signed-document.ts';
import type { StoredDocument, TufState } from './tuf-state.ts';

/** Milliseconds from signing to expiry of each role's document. */
export type TufLifetimes = Readonly<Record<TopRole, number>>;

export interface PublicationOptions {
  readonly repository: string;
  readonly lifetimes: TufLifetimes;
  readonly now: Date;
  readonly snapshot: Signer;
  readonly timestamp: Signer;
  /** Undefined: the key is kept elsewhere. */
  readonly targets?: Signer | undefined;
  /** What must be listed; undefined: what is listed. */
  readonly wanted: Targets | undefined;
}

/** The three documents below the root, as they are to be. Those that stay are the very ones of the state. */
export interface Publication {
  readonly targets: StoredDocument<'targets'>;
  readonly snapshot: StoredDocument<'snapshot'>;
  readonly timestamp: StoredDocument<'timestamp'>;
}

const DAY_MS = 86_400_000;

/** A timestamp is signed anew each day: it then has days left for whoever must mend what stops that. */
const TIMESTAMP_AGE_MS = DAY_MS;

/** Throws TUF_KEY_ABSENT when the targets must change and their key is not there, KEY_UNSUPPORTED. */
export async function nextPublication(
  root: Uint8Array,
  state: TufState | undefined,
  options: PublicationOptions,
): Promise<Publication> {
  // 1. The targets: only when they list something else, by another key, or are halfway to their expiry.
  const targets = await nextTargets(state, options);
  // 2. The snapshot, which names their version.
  const snapshot = await nextSnapshot(state, targets, options);
  // 3. The timestamp, which names the snapshot's: daily.
  const timestamp = await nextTimestamp(state, snapshot, options);
  // 4. What a client would refuse must never be published: nothing leads back from a signed document.
  requireAcceptable(root, { targets, snapshot, timestamp });
  return { targets, snapshot, timestamp };
}

async function nextTargets(state: TufState | undefined, options: PublicationOptions): Promise<Publication['targets']> {
  const list = options.wanted === undefined ? (state?.targetList ?? {}) : targetListOf(options.wanted);
  const signer = options.targets;
  const current = state?.targets;
  if (current !== undefined && state !== undefined && canonicalJsonOf(list) === canonicalJsonOf(state.targetList)) {
    // Who signed it cannot be told without the key; step 4 tells whether clients take it.
    if (signer === undefined) return current;
    if (isSignedBy(current.bytes, signer.publicKey) && !isDue(current, halfOf('targets', options), options))
      return current;
  }
  if (signer === undefined) {
    throw new CountersignError('TUF_KEY_ABSENT', 'the targets are to change, and the key tuf-targets was exported');
  }
  const version = (state?.lastTargets ?? 0) + 1;
  return signed('targets', targetsContentOf(headOf('targets', version, current, options), list), signer);
}

async function nextSnapshot(
  state: TufState | undefined,
  targets: Publication['targets'],
  options: PublicationOptions,
): Promise<Publication['snapshot']> {
  const current = state?.snapshot;
  if (
    current !== undefined &&
    targets === state?.targets &&
    isSignedBy(current.bytes, options.snapshot.publicKey) &&
    !isDue(current, halfOf('snapshot', options), options)
  ) {
    return current;
  }
  const head = headOf('snapshot', (state?.lastSnapshot ?? 0) + 1, current, options);
  return signed('snapshot', snapshotContentOf(head, targets.content.version), options.snapshot);
}

async function nextTimestamp(
  state: TufState | undefined,
  snapshot: Publication['snapshot'],
  options: PublicationOptions,
): Promise<Publication['timestamp']> {
  const current = state?.timestamp;
  if (
    current !== undefined &&
    snapshot === state?.snapshot &&
    isSignedBy(current.bytes, options.timestamp.publicKey) &&
    !isDue(current, options.lifetimes.timestamp - TIMESTAMP_AGE_MS, options)
  ) {
    return current;
  }
  const head = headOf('timestamp', (current?.content.version ?? 0) + 1, current, options);
  return signed('timestamp', timestampContentOf(head, snapshot.content.version), options.timestamp);
}

/** Whether so little time remains that it is signed anew. A clock that was set back makes nothing due. */
function isDue({ content }: { readonly content: TufHead }, remainingMs: number, { now }: PublicationOptions): boolean {
  return content.expires.getTime() - now.getTime() <= remainingMs;
}

function halfOf(role: TopRole, { lifetimes }: PublicationOptions): number {
  return lifetimes[role] / 2;
}

/** A newer document never expires before the one that it replaces: while the clock stands back, nobody is told of a time
 *  that has passed already where clocks are right. */
function headOf(
  role: TopRole,
  version: number,
  current: { readonly content: TufHead } | undefined,
  { now, lifetimes, repository }: PublicationOptions,
): ContentHead {
  const expires = Math.max(now.getTime() + lifetimes[role], current?.content.expires.getTime() ?? 0);
  return { version, expires: new Date(expires), repository };
}

/** Signed, and read back as clients read it. */
export async function signed<R extends TopRole>(
  role: R,
  content: Parameters<typeof signTufDocument>[0],
  ...signers: readonly Signer[]
): Promise<StoredDocument<R>> {
  const bytes = await signTufDocument(content, signers);
  return { role, bytes, content: parseTufDocument(role, `${role}.json`, bytes) };
}

/** As clients walk it from this root. Throws TUF_SIGNATURES_INSUFFICIENT, TUF_ROLLBACK. */
function requireAcceptable(root: Uint8Array, { targets, snapshot, timestamp }: Publication): void {
  const trusted = openTrustedMetadata(root);
  trusted.updateTimestamp(timestamp.bytes);
  trusted.updateSnapshot(snapshot.bytes, false);
  trusted.updateTargets(targets.bytes, 'targets', 'root');
}
