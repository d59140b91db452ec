/** Room on the disk. What is begun can be ended: when a log has committed a batch, running out of room would be the end of
 *  the process, so nothing is begun when little is left. */

import { statfs } from 'node:fs/promises';

import { CountersignError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';

const MIB = 1024 * 1024;

/** Throws STORE_FULL. */
export async function requireFreeSpace(folder: string): Promise<void> {
  const { blocks, bavail, bsize } = await statfs(folder);
  const freeBytes = bavail * bsize;
  // A file system without blocks does not tell.
  if (blocks === 0 || freeBytes >= limits.storeReserveBytes) return;
  const [free, reserve] = [freeBytes, limits.storeReserveBytes].map((bytes) => Math.floor(bytes / MIB));
  throw new CountersignError(
    'STORE_FULL',
    `there is no room: ${free} MiB are free, and ${reserve} are kept in reserve`,
  );
}
