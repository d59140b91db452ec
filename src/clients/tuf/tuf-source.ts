/** Targets of a Sigstore repository, through the cache on this machine: the trusted root above all. */

import { join } from 'node:path';

import { ConfigError, CountersignError, RemoteError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { printableOf } from '../../base/printable.ts';
import type { Runtime } from '../../base/runtime.ts';
import { rfc3339Of } from '../../base/time.ts';
import { sha256HexOf } from '../../crypto/hash.ts';
import { parseTufDocument } from '../../formats/tuf/document.ts';
import { tryFileLock } from '../files/file-lock.ts';
import type { FileLock } from '../files/file-lock.ts';
import { createFolder, diskFiles, documentFileOf, mirrorFolderOf } from './cache.ts';
import { readUpdateNote, writeUpdateNote } from './cache.ts';
import type { CacheFiles, UpdateNote } from './cache.ts';
import { openMirror, publicMirror } from './mirror.ts';
import { readPublicRoot } from './public-root.ts';
import { ageOf, repositoryStateOf } from './repository-state.ts';
import type { RepositoryState } from './repository-state.ts';
import { fetchTarget } from './target.ts';
import { updateMetadata } from './update.ts';
import type { Update } from './update.ts';

export interface TufSource {
  /** As cosign's TUF_ROOT: `~/.sigstore/root` when nothing else is said. */
  readonly cacheDir: string;
  readonly mirror: string;
  /** A root that is trusted whatever the cache holds. */
  readonly firstRoot?: Uint8Array;
  /** Opens no connection. */
  readonly isOffline: boolean;
  /** Writes nothing into the cache. */
  readonly isReadOnly: boolean;
}

/** A target and what it rests on. */
export interface TufTarget {
  readonly bytes: Uint8Array;
  readonly repository: RepositoryState;
}

/** A target of the repository: the trusted root, `trusted_root.json`, above all. What is cached is used for a day; then,
 *  or when something in it has expired, the mirror is asked. When the mirror cannot be reached, the cache goes on being used, with a warning, until something in it
 *  expires: whoever cuts the line gains no more than whoever keeps an old timestamp in front of us. A mirror that gives
 *  something wrong is never passed over.
 *
 *  Offline, timestamp and snapshot may have expired: they prove only that nothing newer is out, and to go without that
 *  is what offline means (the age is said on stderr). Root and targets may not: to their dates the people behind them
 *  vouch for the keys.
 *
 *  Throws TRUST_ROOT_MISSING, TUF_OFFLINE, TUF_EXPIRED, TUF_ROLLBACK, TUF_SIGNATURES_INSUFFICIENT, TUF_METADATA_MALFORMED,
 *  TUF_TARGET_MISSING, TUF_TARGET_INVALID, TUF_MIRROR_FAILED, TUF_MIRROR_INVALID, TUF_CACHE_LOCKED, FILE_NOT_READABLE,
 *  FILE_NOT_WRITABLE, CONFIG_MALFORMED and what `request` throws. */
export async function readTufTarget(source: TufSource, name: string, runtime: Runtime): Promise<TufTarget> {
  const place = placeOf(source);
  // 1. Without a lock, so that those who only read never wait. Files may change meanwhile: then this fails.
  const quick = await tryCached(place, name, runtime);
  if (isGoodEnough(quick, source, runtime)) return quick;
  if (source.isReadOnly) return source.isOffline ? orThrow(quick) : refreshOrKeep(place, name, runtime, quick);
  // 2. One process asks the mirror; those that waited find its work done.
  const lock = await openCacheLock(source.cacheDir, runtime).catch((error: unknown) => {
    throw source.isOffline && quick instanceof CountersignError ? quick : error;
  });
  try {
    const again = await tryCached(place, name, runtime);
    if (isGoodEnough(again, source, runtime)) return again;
    return source.isOffline ? orThrow(again) : await refreshOrKeep(place, name, runtime, again);
  } finally {
    lock.release();
  }
}

/** Waits for other processes. Throws TUF_CACHE_LOCKED, FILE_NOT_WRITABLE, or the signal's reason. */
export async function openCacheLock(cacheDir: string, runtime: Runtime): Promise<FileLock> {
  await createFolder(cacheDir);
  for (let waitedMs = 0; waitedMs <= limits.tufLockMs; waitedMs += POLL_MS) {
    const lock = tryFileLock(join(cacheDir, '.lock'));
    if (lock !== undefined) return lock;
    await runtime.sleep(POLL_MS);
  }
  throw new ConfigError('TUF_CACHE_LOCKED', `another process has held ${cacheDir} for ${limits.tufLockMs / 1000} s`);
}

/** Milliseconds between two tries to take the lock. */
const POLL_MS = 50;

interface Place extends TufSource {
  readonly folder: string;
  readonly files: CacheFiles;
}

function placeOf(source: TufSource): Place {
  const folder = mirrorFolderOf(source.cacheDir, source.mirror);
  return { ...source, folder, files: diskFiles(folder) };
}

/** What the cache gives, or why it gives nothing. */
type Cached = TufTarget | CountersignError;

async function tryCached(place: Place, name: string, runtime: Runtime): Promise<Cached> {
  try {
    return await readCached(place, name, runtime);
  } catch (error) {
    if (error instanceof CountersignError) return error;
    throw error;
  }
}

/** The cache as it is, checked in full. */
async function readCached(place: Place, name: string, runtime: Runtime): Promise<TufTarget> {
  const { mirror, folder, files, isOffline } = place;
  const note = await readUpdateNote(folder);
  const root = await cachedRootOf(place, note);
  const update = updateOf({ ...files, write: async () => undefined }, undefined, runtime, isOffline);
  const trusted = await updateMetadata(root, update);
  const bytes = await fetchTarget(trusted, name, update);
  return { bytes, repository: repositoryStateOf(trusted, mirror, note?.time) };
}

/** A given root that is the newest speaks for itself. That a newer one follows from it only the mirror can show, and a
 *  note that it has. */
async function cachedRootOf({ firstRoot, mirror, files }: Place, note: UpdateNote | undefined): Promise<Uint8Array> {
  const cached = await files.read(documentFileOf('root'), limits.tufRootBytes);
  if (cached === undefined) throw new RemoteError('TUF_OFFLINE', `the cache has no root of ${mirror}`);
  if (firstRoot === undefined || note?.firstRoot === sha256HexOf(firstRoot)) return cached;
  const [cachedVersion = 0, version = 0] = [cached, firstRoot].map(
    (each) => parseTufDocument('root', 'root.json', each).version,
  );
  if (cachedVersion <= version) return firstRoot;
  throw new RemoteError('TUF_OFFLINE', `nothing shows that the cached root of ${mirror} follows from the one given`);
}

async function refreshOrKeep(place: Place, name: string, runtime: Runtime, cached: Cached): Promise<TufTarget> {
  try {
    return await refresh(place, name, runtime);
  } catch (error) {
    if (!(error instanceof RemoteError) || cached instanceof CountersignError || runtime.signal.aborted) throw error;
    runtime.log.warn(
      `${printableOf(error.message)}; using the trust root of ${ageOf(cached.repository, runtime.now())}`,
    );
    return cached;
  }
}

async function refresh(place: Place, name: string, runtime: Runtime): Promise<TufTarget> {
  const { mirror, folder, files, isReadOnly } = place;
  const root = await rootToBeginWith(place);
  const now = runtime.now();
  const kept = isReadOnly ? { ...files, write: async () => undefined } : files;
  const update = updateOf(kept, openMirror(mirror, { runtime }), runtime, false);
  const trusted = await updateMetadata(root, update);
  const bytes = await fetchTarget(trusted, name, update);
  if (!isReadOnly) await writeUpdateNote(folder, now, root);
  return { bytes, repository: repositoryStateOf(trusted, mirror, now) };
}

function updateOf(files: CacheFiles, mirror: Update['mirror'], { now, log }: Runtime, isOffline: boolean): Update {
  return { files, mirror, now: now(), isOffline, log };
}

/** What the user names comes first, then what an earlier run trusted, and for the public instance what we carry. */
async function rootToBeginWith({ firstRoot, mirror, files }: Place): Promise<Uint8Array> {
  const root = firstRoot ?? (await files.read(documentFileOf('root'), limits.tufRootBytes));
  if (root !== undefined) return root;
  if (mirror === publicMirror) return readPublicRoot();
  throw new ConfigError('TRUST_ROOT_MISSING', `there is no root of ${mirror} to begin with`, { details: { mirror } });
}

/** Offline, everything that the cache vouches for; else only what is of today. */
function isGoodEnough(cached: Cached, { isOffline }: TufSource, runtime: Runtime): cached is TufTarget {
  if (cached instanceof CountersignError) return false;
  if (isOffline) {
    tellAge(cached, runtime);
    return true;
  }
  const ageMs = runtime.now().getTime() - (cached.repository.refreshedAt?.getTime() ?? Number.NaN);
  // A refresh in the future was written under another clock.
  return ageMs >= 0 && ageMs < limits.tufRefreshMs;
}

function orThrow(cached: Cached): TufTarget {
  if (cached instanceof CountersignError) throw cached;
  return cached;
}

function tellAge({ repository }: TufTarget, { log, now }: Runtime): void {
  const { timestamp, snapshot } = repository.roles;
  const text = `offline: using the trust root of ${ageOf(repository, now())}`;
  if (timestamp.expires > now() && snapshot.expires > now()) {
    log.noteOnce(text);
  } else {
    const since = rfc3339Of(timestamp.expires < snapshot.expires ? timestamp.expires : snapshot.expires);
    log.warn(`${text}; since ${since} nobody vouches that nothing newer is out`);
  }
}
