/** One of several things to do, of which each may fail without stopping the others. */

import { CountersignError } from '../base/errors.ts';

export type Attempt<T> =
  | { readonly isDone: true; readonly value: T }
  | { readonly isDone: false; readonly error: CountersignError };

/** Keeps an error of ours as an answer. An interruption and defects are thrown on. */
export async function attempt<T>(run: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { isDone: true, value: await run() };
  } catch (error) {
    if (error instanceof CountersignError && error.code !== 'INTERRUPTED') return { isDone: false, error };
    throw error;
  }
}
