/** One process per data directory. The lock is SQLite's lock on an empty file, which the kernel holds: a killed process
 *  frees it, and a number left in a file by another process cannot be mistaken for a live one. */

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { ConfigError, messageOf } from '../../base/errors.ts';

export interface DataLock {
  /** May be called again. */
  readonly release: () => void;
}

/** Takes the lock of an existing directory. Throws DATA_DIR_LOCKED. */
export function openDataLock(dataDir: string): DataLock {
  const database = new DatabaseSync(join(dataDir, 'lock'), { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    throw new ConfigError('DATA_DIR_LOCKED', `cannot lock ${dataDir}: ${messageOf(cause)}`, { cause });
  }
  return {
    release: () => {
      if (database.isOpen) {
        database.close();
      }
    },
  };
}
