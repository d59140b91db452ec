/** The index database's file: its tables, its version, and what becomes of one that cannot be used. */

import { hash } from 'node:crypto';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

import { ConfigError, CountersignError, messageOf } from '../base/errors.ts';

/** "CSix": who made the file. */
const APPLICATION = 0x43_53_69_78;
const VERSION = 1;

/** A row for each entry's identity and one for each of its keys. Without row numbers, so each is one tree. */
const TABLES = `
  CREATE TABLE log (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, size INTEGER NOT NULL) STRICT;
  CREATE TABLE entry (log INTEGER, identity BLOB, place INTEGER NOT NULL, PRIMARY KEY (log, identity))
    STRICT, WITHOUT ROWID;
  CREATE TABLE found (log INTEGER, key BLOB, place INTEGER, PRIMARY KEY (log, key, place)) STRICT, WITHOUT ROWID;
  PRAGMA application_id = ${APPLICATION};
  PRAGMA user_version = ${VERSION};
`;

/** SQLite's SQLITE_CORRUPT and SQLITE_NOTADB. */
const DAMAGE = [11, 26];

/** Opens the file, made anew when there is none, or none that can be used: then the old one gets another name, which
 *  `onMovedAside` is told. Throws INDEX_VERSION_NEWER, INDEX_FAILED. */
export function openIndexFile(path: string, now: () => Date, onMovedAside: (path: string) => void): DatabaseSync {
  const database = existsSync(damageMarkOf(path)) ? undefined : tryOpen(path);
  if (database !== undefined) return database;
  const aside = `${path}.damaged-${now()
    .toISOString()
    .replaceAll(/[-:]|\.\d+/g, '')}`;
  moveAside(path, aside);
  onMovedAside(aside);
  const fresh = tryOpen(path);
  if (fresh === undefined) throw new CountersignError('INDEX_FAILED', `no index can be made in ${path}`);
  return fresh;
}

/** A connection that writes, in the mode in which readers do not wait for it. */
export function openConnection(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 5_000 });
  // Who copies the log of writes into the file, and when, is decided in sqlite-index.ts.
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA cache_size = -16384;
  `);
  return database;
}

/** Runs what works on the database. Throws INDEX_FAILED; a damaged file is marked, to be made anew at the next start. */
export function onDatabase<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof CountersignError) throw cause;
    if (isDamage(cause)) markDamaged(path);
    throw new CountersignError('INDEX_FAILED', `the index of the logs: ${messageOf(cause)}`, { cause });
  }
}

/** 16 bytes in place of a text of any length. Two keys of one value would need 2^64 tries, and show a searcher entries
 *  that the search is not for, nothing else. */
export function indexedKeyOf(key: string): Uint8Array {
  return hash('sha256', key, 'buffer').subarray(0, 16);
}

/** Undefined for what is damaged, of another program or of an older version. */
function tryOpen(path: string): DatabaseSync | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = openConnection(path);
    const version = numberOf(database, 'user_version');
    const application = numberOf(database, 'application_id');
    if (application === APPLICATION && version > VERSION) {
      const why = `${path} has version ${version}, and this program knows ${VERSION}`;
      throw new ConfigError('INDEX_VERSION_NEWER', why);
    }
    const isNew = numberOf(database, 'schema_version') === 0;
    if (isNew) database.exec(`BEGIN IMMEDIATE; ${TABLES} COMMIT`);
    if (isNew || (application === APPLICATION && version === VERSION)) return database;
  } catch (cause) {
    database?.close();
    if (isDamage(cause)) return undefined;
    if (cause instanceof CountersignError) throw cause;
    throw new CountersignError('INDEX_FAILED', `cannot open the index ${path}: ${messageOf(cause)}`, { cause });
  }
  database.close();
  return undefined;
}

function numberOf(database: DatabaseSync, pragma: string): number {
  return Number(database.prepare(`PRAGMA ${pragma}`).get()?.[pragma]);
}

/** With the log of writes that belongs to it: a new file must never meet an old log. The mark stays until all are gone,
 *  so that a crash between two of them does not end in such a meeting. */
function moveAside(path: string, aside: string): void {
  markDamaged(path);
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  rmSync(damageMarkOf(path));
}

function markDamaged(path: string): void {
  writeFileSync(damageMarkOf(path), '');
}

function damageMarkOf(path: string): string {
  return `${path}.is-damaged`;
}

function isDamage(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && DAMAGE.includes(Number(error.errcode) & 0xff);
}
