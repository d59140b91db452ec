/** Brings the trusted documents up to date: the client workflow of the specification, step by step, from the cache and,
 *  when there is one, from the mirror. Each document is kept as soon as it is believed, so that what was seen once is
 *  never gone back behind. @source TUF specification 1.0.34 section 5 */

import { CountersignError, isErrorWithCode, RemoteError, VerificationError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Log } from '../../base/runtime.ts';
import { documentBytes, parseTufDocument } from '../../formats/tuf/document.ts';
import type { TopRole } from '../../formats/tuf/document.ts';
import type { CacheFiles } from './cache.ts';
import { documentFileOf } from './cache.ts';
import type { Mirror } from './mirror.ts';
import { openTrustedMetadata, requireUnexpired } from './trusted-metadata.ts';
import type { TrustedMetadata } from './trusted-metadata.ts';

export interface Update {
  readonly files: CacheFiles;
  /** Without one, the cache alone is read. */
  readonly mirror: Mirror | undefined;
  readonly now: Date;
  /** Lets the timestamp and the snapshot be past their time: see `readTufTarget`. */
  readonly isOffline: boolean;
  readonly log: Log;
}

/** Starts from a root that is trusted already. Throws TUF_METADATA_MALFORMED, TUF_SIGNATURES_INSUFFICIENT,
 *  TUF_ROLLBACK, TUF_EXPIRED, TUF_OFFLINE, TUF_MIRROR_FAILED, and what the mirror and the cache throw. */
export async function updateMetadata(firstRoot: Uint8Array, update: Update): Promise<TrustedMetadata> {
  const trusted = openTrustedMetadata(firstRoot);
  // 1. Section 5.3: every newer root, each signed by its predecessor; the last one must not have expired.
  await updateRoot(trusted, firstRoot, update);
  // 2. Section 5.4: the timestamp, which says how new the rest must be.
  await updateTimestamp(trusted, update);
  // 3. Section 5.5: the snapshot that the timestamp names, which names the versions of all targets documents.
  await updateSnapshot(trusted, update);
  // 4. Section 5.6: the top-level targets.
  await loadTargets(trusted, 'targets', 'root', update);
  return trusted;
}

/** The document of a targets role, from the cache if it is the one that the snapshot names. Throws as `updateMetadata`. */
export async function loadTargets(
  trusted: TrustedMetadata,
  role: string,
  parent: string,
  update: Update,
): Promise<void> {
  if (trusted.targets(role) !== undefined) return;
  const file = trusted.snapshot()?.meta[`${role}.json`];
  if (file === undefined) {
    throw new VerificationError('TUF_ROLLBACK', `snapshot.json names no ${role}.json, which it must`);
  }
  const take = (bytes: Uint8Array): void => trusted.updateTargets(bytes, role, parent);
  await loadNamed(trusted, update, { kind: 'targets', role, file, take });
  const document = trusted.targets(role);
  if (document !== undefined) requireUnexpired(role, document, update.now);
}

async function updateRoot(trusted: TrustedMetadata, firstRoot: Uint8Array, update: Update): Promise<void> {
  const { files, mirror, now } = update;
  const keptVersion = rootVersionOf(await files.read(documentFileOf('root'), limits.tufRootBytes));
  const keep = async (bytes: Uint8Array): Promise<void> => {
    // The walk may begin with an older root than the cache has.
    if (trusted.root().version > keptVersion) await files.write(documentFileOf('root'), bytes);
  };
  await keep(firstRoot);
  if (mirror !== undefined) await walkRoots(trusted, mirror, keep);
  const { version } = trusted.root();
  if (version < keptVersion) {
    throw new VerificationError(
      'TUF_ROLLBACK',
      `the newest root is version ${version}; version ${keptVersion} was seen before`,
    );
  }
  requireUnexpired('root', trusted.root(), now);
}

async function walkRoots(
  trusted: TrustedMetadata,
  mirror: Mirror,
  keep: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const rootAfter = async (): Promise<Uint8Array | undefined> =>
    mirror.fetchFile([`${trusted.root().version + 1}.root.json`], limits.tufRootBytes);
  let walked = 0;
  for (let bytes = await rootAfter(); bytes !== undefined; bytes = await rootAfter()) {
    if (walked === limits.tufRootRotations) {
      throw new RemoteError(
        'TUF_MIRROR_FAILED',
        `the mirror has more than ${walked} roots after the one to begin with`,
      );
    }
    walked += 1;
    trusted.updateRoot(bytes);
    await keep(bytes);
  }
}

/** Zero for a cached root that is not there or is damaged: whatever is trusted then takes its place. */
function rootVersionOf(bytes: Uint8Array | undefined): number {
  try {
    return bytes === undefined ? 0 : parseTufDocument('root', 'root.json', bytes).version;
  } catch (error) {
    if (isErrorWithCode(error, 'TUF_METADATA_MALFORMED')) return 0;
    throw error;
  }
}

async function updateTimestamp(trusted: TrustedMetadata, update: Update): Promise<void> {
  const { files, mirror, now, isOffline } = update;
  const cached = await files.read(documentFileOf('timestamp'), limits.tufTimestampBytes);
  if (cached !== undefined) takeCached('timestamp', update, () => trusted.updateTimestamp(cached));
  if (mirror !== undefined) {
    const bytes = await fetchRequired(mirror, 'timestamp.json', limits.tufTimestampBytes);
    if (trusted.updateTimestamp(bytes)) {
      requireUnexpired('timestamp', requireKnown(trusted.timestamp(), 'timestamp'), now);
      await files.write(documentFileOf('timestamp'), bytes);
    }
  }
  const head = requireKnown(trusted.timestamp(), 'timestamp');
  if (!isOffline) requireUnexpired('timestamp', head, now);
}

async function updateSnapshot(trusted: TrustedMetadata, update: Update): Promise<void> {
  const file = requireKnown(trusted.timestamp(), 'timestamp').meta['snapshot.json'];
  const take = (bytes: Uint8Array, isCached: boolean): void => trusted.updateSnapshot(bytes, isCached);
  await loadNamed(trusted, update, { kind: 'snapshot', role: 'snapshot', file, take });
  if (!update.isOffline) requireUnexpired('snapshot', requireKnown(trusted.snapshot(), 'snapshot'), update.now);
}

interface Named {
  readonly kind: TopRole;
  readonly role: string;
  /** What the document before says about this one. */
  readonly file: { readonly version: number; readonly length?: number };
  readonly take: (bytes: Uint8Array, isCached: boolean) => void;
}

/** A document whose version is known: the cached one if it is that, else the mirror's. */
async function loadNamed(trusted: TrustedMetadata, update: Update, { kind, role, file, take }: Named): Promise<void> {
  const { files, mirror } = update;
  const cached = await files.read(documentFileOf(role), documentBytes[kind]);
  if (cached !== undefined && takeCached(role, update, () => take(cached, true))) return;
  if (mirror === undefined) throw missingOffline(role);
  const prefix = trusted.root().consistent_snapshot ? `${file.version}.` : '';
  // A length that a document gives never lifts the cap.
  const maxBytes = Math.min(file.length ?? documentBytes[kind], documentBytes[kind]);
  const bytes = await fetchRequired(mirror, `${prefix}${role}.json`, maxBytes);
  take(bytes, false);
  await files.write(documentFileOf(role), bytes);
}

/** Whether a cached document still holds. It may not: keys were exchanged, a newer one is out, or a crash of somebody
 *  else's left half a file. Then, as the specification wants it, it is asked for again, or missed. */
function takeCached(role: string, { log, mirror }: Update, take: () => unknown): boolean {
  try {
    take();
    return true;
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    if (mirror === undefined) throw error;
    if (error.code === 'TUF_METADATA_MALFORMED') log.warn(`the cached ${role}.json is damaged: ${error.message}`);
    return false;
  }
}

async function fetchRequired(mirror: Mirror, name: string, maxBytes: number): Promise<Uint8Array> {
  const bytes = await mirror.fetchFile([name], maxBytes);
  if (bytes !== undefined) return bytes;
  throw new RemoteError('TUF_MIRROR_FAILED', `${mirror.address} has no ${name}`, { status: 404 });
}

function requireKnown<T>(document: T | undefined, role: string): T {
  if (document === undefined) throw missingOffline(role);
  return document;
}

function missingOffline(role: string): RemoteError {
  return new RemoteError('TUF_OFFLINE', `the cache has no ${role}.json`);
}
