/** One process per data directory. */

import { join } from 'node:path';

import { ConfigError } from '../../base/errors.ts';
import { tryFileLock } from '../../clients/files/file-lock.ts';
import type { FileLock } from '../../clients/files/file-lock.ts';

/** Takes the lock of an existing directory. Throws DATA_DIR_LOCKED, FILE_NOT_WRITABLE. */
export function openDataLock(dataDir: string): FileLock {
  const lock = tryFileLock(join(dataDir, 'lock'));
  if (lock === undefined) {
    throw new ConfigError('DATA_DIR_LOCKED', `cannot lock ${dataDir}: another process holds the lock`);
  }
  return lock;
}
