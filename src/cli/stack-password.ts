/** The password of a stack's keys: a file, COUNTERSIGN_STACK_PASSWORD, the one made for a development stack, a prompt. */

import { readFile } from 'node:fs/promises';

import { isSameBytes, utf8Of } from '../base/bytes.ts';
import { ConfigError, UsageError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { writeFileAtomic } from '../clients/files/atomic-file.ts';
import type { Flags } from './flag.ts';
import { readInputFile } from './input-file.ts';
import type { Session } from './session.ts';
import { readHiddenLine } from './terminal-input.ts';

export const stackPasswordFlags = {
  'password-file': {
    type: 'string',
    placeholder: 'FILE',
    completes: 'file',
    help: "file with the password of the stack's keys; a line feed at its end does not count (or COUNTERSIGN_STACK_PASSWORD)",
  },
} as const satisfies Flags;

const VARIABLE = 'COUNTERSIGN_STACK_PASSWORD';
const PROMPT = 'Enter password of the stack: ';
const PROMPT_AGAIN = 'Enter password of the stack again: ';

export interface PasswordRequest {
  readonly file: string | undefined;
  /** Where a development stack keeps the one that was made for it. */
  readonly keptIn: string;
  readonly isNew: boolean;
  readonly isDevelopment: boolean;
}

/** Throws PASSWORD_MISSING, PASSWORD_MISMATCH, FILE_NOT_READABLE, INTERRUPTED. */
export async function readStackPassword(session: Session, request: PasswordRequest): Promise<Uint8Array> {
  const given = await givenPassword(session, request);
  if (given !== undefined) return requireSome(given);
  // Development keys guard nothing that matters: nobody has to think of a password for them.
  if (request.isDevelopment && request.isNew) return makePassword(session, request.keptIn);
  if (!session.stdin.isTTY) {
    throw new ConfigError(
      'PASSWORD_MISSING',
      `no password for the stack's keys: neither --password-file nor ${VARIABLE} is given`,
    );
  }
  const typed = await readHiddenLine(session, PROMPT);
  if (request.isNew && !isSameBytes(typed, await readHiddenLine(session, PROMPT_AGAIN))) {
    throw new UsageError('PASSWORD_MISMATCH', 'the two passwords differ');
  }
  return requireSome(typed);
}

async function givenPassword(
  session: Session,
  { file, keptIn, isDevelopment }: PasswordRequest,
): Promise<Uint8Array | undefined> {
  if (file !== undefined) return withoutLineEnd(await readInputFile(session, file, limits.passwordBytes));
  const variable = session.environment[VARIABLE];
  if (variable !== undefined) return utf8Of(variable);
  return isDevelopment ? readFile(keptIn).then(withoutLineEnd, () => undefined) : undefined;
}

async function makePassword(session: Session, path: string): Promise<Uint8Array> {
  const { randomBytes } = await import('node:crypto');
  const password = utf8Of(randomBytes(24).toString('base64url'));
  await writeFileAtomic(path, password, { mode: 0o600, overwrite: true });
  session.log.note(`No password was given: one was made, and is kept in ${path}`);
  return password;
}

function withoutLineEnd(bytes: Uint8Array): Uint8Array {
  return bytes.at(-1) === 0x0a ? bytes.subarray(0, bytes.at(-2) === 0x0d ? -2 : -1) : bytes;
}

function requireSome(password: Uint8Array): Uint8Array {
  if (password.length === 0) throw new ConfigError('PASSWORD_MISSING', "the password of the stack's keys is empty");
  return password;
}
