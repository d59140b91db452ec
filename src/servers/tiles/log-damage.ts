/** What is wrong with a log's objects. */

import { CountersignError } from '../../base/errors.ts';

/** LOG_DAMAGED. */
export function damaged(what: string, cause?: unknown): CountersignError {
  return new CountersignError('LOG_DAMAGED', what, { cause });
}

/** Runs what reads an object of the log: bytes that cannot be read become LOG_DAMAGED, with the object's key. */
export function readingObject<T>(key: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof CountersignError ? damaged(`${key}: ${error.message}`, error) : error;
  }
}
