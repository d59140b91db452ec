/** A lock between processes. It is SQLite's lock on an empty file, which the kernel holds: a killed process frees it, and
 *  a number left in a file by another process cannot be mistaken for a live one. */

import { DatabaseSync } from 'node:sqlite';

import { ConfigError, messageOf } from '../../base/errors.ts';

export interface FileLock {
  /** May be called again. */
  readonly release: () => void;
}

/** SQLite's SQLITE_BUSY. */
const BUSY = 5;

/** Takes the lock, or returns undefined when another holds it. The folder must be there. Throws FILE_NOT_WRITABLE. */
export function tryFileLock(path: string): FileLock | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    database?.close();
    if (cause instanceof Error && 'errcode' in cause && cause.errcode === BUSY) return undefined;
    throw new ConfigError('FILE_NOT_WRITABLE', `cannot lock ${path}: ${messageOf(cause)}`, { cause });
  }
  const held = database;
  return {
    release: () => {
      if (held.isOpen) held.close();
    },
  };
}
