/** The password of a private key: COSIGN_PASSWORD, else a prompt without echo, else all of standard input. */

import { isSameBytes, utf8Of } from '../base/bytes.ts';
import { UsageError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Session } from './session.ts';
import { readHiddenLine, readWholeInput } from './terminal-input.ts';

const PROMPT = 'Enter password for private key: ';
const PROMPT_AGAIN = 'Enter password for private key again: ';

/** The password of a key that is there. Throws INTERRUPTED, INPUT_TOO_LARGE. */
export async function readPassword(session: Session): Promise<Uint8Array> {
  return (await givenPassword(session)) ?? readHiddenLine(session, PROMPT);
}

/** The password for a new key; at a terminal it is asked twice. Throws PASSWORD_MISMATCH besides. */
export async function readNewPassword(session: Session): Promise<Uint8Array> {
  const given = await givenPassword(session);
  if (given !== undefined) return given;
  const first = await readHiddenLine(session, PROMPT);
  if (!isSameBytes(first, await readHiddenLine(session, PROMPT_AGAIN))) {
    throw new UsageError('PASSWORD_MISMATCH', 'the two passwords differ');
  }
  return first;
}

/** Without a terminal. Set but empty is a password too: the empty one. */
async function givenPassword(session: Session): Promise<Uint8Array | undefined> {
  const variable = session.environment['COSIGN_PASSWORD'];
  if (variable !== undefined) return utf8Of(variable);
  // Every byte counts, a line feed at the end included, as in cosign: `printf %s`, not `echo`.
  return session.stdin.isTTY ? undefined : readWholeInput(session, limits.passwordBytes);
}
