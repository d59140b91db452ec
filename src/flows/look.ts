/** Looking at something that others keep: either it is there to judge, or the reason why it could not be looked at. */

import { ConfigError, CountersignError, UsageError } from '../base/errors.ts';

export type Look<T> =
  | { readonly isSeen: true; readonly value: T }
  | { readonly isSeen: false; readonly error: CountersignError };

const INTERRUPTED = 130;

/** Runs a fetch or a parser. What registries and signers do wrong becomes an answer; an interruption, a wrong setting and
 *  a defect of ours are thrown on, since no verdict may be built on them. */
export async function lookAt<T>(fetch: () => Promise<T>): Promise<Look<T>> {
  try {
    return { isSeen: true, value: await fetch() };
  } catch (error) {
    const isTheirs =
      error instanceof CountersignError && !(error instanceof UsageError) && !(error instanceof ConfigError);
    if (!isTheirs || error.entry.exit === INTERRUPTED) {
      throw error;
    }
    return { isSeen: false, error };
  }
}
