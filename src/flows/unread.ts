/** Parts that cannot be read do not keep the others from being told. */

import { CountersignError } from '../base/errors.ts';

/** Something that could not be read, and why. */
export interface Unread {
  readonly kind: 'unread';
  readonly why: string;
}

/** What `read` returns, or why it cannot be read. */
export function orUnread<T>(read: () => T): T | Unread {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    return { kind: 'unread', why: error.message };
  }
}
