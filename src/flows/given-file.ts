/** Files that the caller has read. */

import { CountersignError, InputError } from '../base/errors.ts';

export interface GivenFile {
  /** For messages and reports: its path. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What `parse` makes of the file; its errors say which file it was. */
export function reading<T>({ name, bytes }: GivenFile, parse: (bytes: Uint8Array) => T): T {
  try {
    return parse(bytes);
  } catch (cause) {
    if (!(cause instanceof CountersignError)) throw cause;
    const { code, details, hint } = cause;
    throw new InputError(code, `${name}: ${cause.message}`, { cause, details, hint });
  }
}
