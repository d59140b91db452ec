/** Files that flags name. "-" is standard input. */

import { readFileSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';

import { concatBytes, parseBase64, utf8Of } from '../base/bytes.ts';
import { ConfigError, InputError, messageOf, UsageError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { readWholeInput } from './terminal-input.ts';
import type { Session } from './session.ts';

/** A whole file. Throws FILE_NOT_READABLE, INPUT_TOO_LARGE, INTERRUPTED. */
export async function readInputFile(session: Session, path: string, maxBytes: number): Promise<Uint8Array> {
  if (path === '-') return readWholeInput(session, maxBytes);
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of streamInputFile(session, path)) {
    length += chunk.length;
    if (length > maxBytes) {
      throw new InputError('INPUT_TOO_LARGE', `${path}: more than ${maxBytes} bytes`);
    }
    parts.push(chunk);
  }
  return concatBytes(parts);
}

/** A file of any size, in chunks. Throws FILE_NOT_READABLE, INTERRUPTED while it is read. */
export async function* streamInputFile(session: Session, path: string): AsyncGenerator<Uint8Array> {
  const { signal } = session.interruption;
  if (path === '-') {
    yield* streamInput(session.stdin, signal);
    return;
  }
  const small = readSmallFile(path);
  if (small !== undefined) {
    yield small;
    return;
  }
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  try {
    // Without Node's streams: to load them and their large buffers takes longer than to read a small file.
    for (let size = FIRST_CHUNK_BYTES; ; size = Math.min(2 * size, CHUNK_BYTES)) {
      const { buffer, bytesRead } = await file.read(new Uint8Array(size), 0, size, null);
      signal.throwIfAborted();
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (cause) {
    signal.throwIfAborted();
    throw unreadable(path, cause);
  } finally {
    await file.close();
  }
}

/** A small file at once: asking Node's threads for it takes longer than reading it. Undefined for a larger one, and for
 *  what is no file on a disk: a pipe could keep everything waiting. Throws FILE_NOT_READABLE. */
function readSmallFile(path: string): Uint8Array | undefined {
  try {
    const status = statSync(path);
    return status.isFile() && status.size > 0 && status.size <= CHUNK_BYTES ? readFileSync(path) : undefined;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function* streamInput(stdin: NodeJS.ReadStream, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const stop = (): void => {
    stdin.destroy();
  };
  signal.addEventListener('abort', stop);
  try {
    yield* stdin as AsyncIterable<Uint8Array>;
  } finally {
    signal.removeEventListener('abort', stop);
    // A stream that was destroyed ends with an error of its own, which is not the reason.
    signal.throwIfAborted();
  }
}

/** A signature as cosign's flag takes it: a file that holds base64, or the base64 itself. Raw bytes.
 *  Throws SIGNATURE_MALFORMED, FILE_NOT_READABLE, INPUT_TOO_LARGE. */
export async function readSignatureArgument(session: Session, text: string): Promise<Uint8Array> {
  if (/^https?:\/\//.test(text)) {
    throw new UsageError('FLAG_NOT_AVAILABLE', '--signature does not fetch addresses', {
      hint: 'Download the signature and give the file.',
    });
  }
  const encoded = (await readSignatureFile(session, text)) ?? utf8Of(text);
  const base64 = Buffer.from(encoded).toString('latin1').trim();
  const malformed = (cause?: unknown): InputError =>
    new InputError('SIGNATURE_MALFORMED', '--signature: expected a file that holds base64, or base64', { cause });
  let signature: Uint8Array;
  try {
    signature = parseBase64(base64);
  } catch (cause) {
    throw malformed(cause);
  }
  // The name of a file that is not there may be base64, too, but not of a signature.
  if (signature.length < LEAST_SIGNATURE_BYTES) throw malformed();
  return signature;
}

async function readSignatureFile(session: Session, text: string): Promise<Uint8Array | undefined> {
  try {
    return await readInputFile(session, text, limits.signatureBytes);
  } catch (error) {
    const isAbsent =
      error instanceof ConfigError &&
      error.cause instanceof Error &&
      'code' in error.cause &&
      ['ENOENT', 'ENAMETOOLONG', 'ENOTDIR'].includes(String(error.cause.code));
    if (isAbsent) return undefined;
    throw error;
  }
}

/** ECDSA with both numbers as short as they never are. */
const LEAST_SIGNATURE_BYTES = 32;
const FIRST_CHUNK_BYTES = 16 * 1024;
const CHUNK_BYTES = 256 * 1024;

function unreadable(path: string, cause: unknown): ConfigError {
  return new ConfigError('FILE_NOT_READABLE', `cannot read ${path}: ${messageOf(cause)}`, { cause });
}
