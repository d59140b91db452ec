/** `--max-workers`. */

import { UsageError } from '../base/errors.ts';

/** How many images may be under way at once. Throws FLAG_VALUE_INVALID. */
export function inFlightOf(workers: number): number {
  if (workers < 1) {
    throw new UsageError('FLAG_VALUE_INVALID', '--max-workers: please set it to a value that is greater than 0');
  }
  return workers;
}
