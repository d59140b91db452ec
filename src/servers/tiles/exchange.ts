/** Compare-and-swap where the answer may be lost. */

import { isSameBytes } from '../../base/bytes.ts';
import { CountersignError, isErrorWithCode } from '../../base/errors.ts';
import type { ObjectStore, StoredObject } from '../../storage/object-store.ts';

const TRIES = 3;

/** Writes the object if it is still of the expected version, and returns the new one; what became of a write that fails
 *  is found out by reading. Throws the store's error when nothing was written; STORE_CONFLICT when something else is
 *  there; STORE_FAILED when nobody knows. */
export async function exchange(
  objects: ObjectStore,
  key: string,
  bytes: Uint8Array,
  expected: string | undefined,
): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await objects.replace(key, bytes, expected);
    } catch (error) {
      if (isErrorWithCode(error, 'STORE_FAILED')) throw error;
      const found = await foundOut(objects, key);
      if (found !== undefined && isSameBytes(found.bytes, bytes)) return found.version;
      if (found?.version !== expected) {
        throw new CountersignError('STORE_CONFLICT', `${key} was written by somebody else`, { cause: error });
      }
      if (attempt === TRIES) throw error;
    }
  }
}

async function foundOut(objects: ObjectStore, key: string): Promise<StoredObject | undefined> {
  try {
    return await objects.read(key);
  } catch (cause) {
    throw new CountersignError('STORE_FAILED', `what became of a write to ${key} cannot be found out`, { cause });
  }
}

/** Whether nobody knows any more what is in the store, or somebody else writes to it: the process must end. */
export function isFatalToStore(error: unknown): boolean {
  return isErrorWithCode(error, 'STORE_FAILED') || isErrorWithCode(error, 'STORE_CONFLICT');
}
