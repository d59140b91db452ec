/** What a person types or a pipe brings on standard input. */

import { concatBytes } from '../base/bytes.ts';
import { InputError } from '../base/errors.ts';
import type { Session } from './session.ts';

type Input = Pick<Session, 'stdin' | 'stderr' | 'interruption'>;

/** Everything until the end of standard input. Throws INPUT_TOO_LARGE, INTERRUPTED. */
export async function readWholeInput({ stdin, interruption }: Input, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const onAbort = (): void => {
    stdin.destroy();
  };
  interruption.signal.addEventListener('abort', onAbort);
  try {
    for await (const chunk of stdin as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      if (length > maxBytes) {
        throw new InputError('INPUT_TOO_LARGE', `standard input: more than ${maxBytes} bytes`);
      }
      parts.push(chunk);
    }
  } finally {
    interruption.signal.removeEventListener('abort', onAbort);
    interruption.signal.throwIfAborted();
  }
  return concatBytes(parts);
}

/** One line, without its end; undefined when the input ended before any text came. Throws INTERRUPTED. */
export async function readLine({ stdin, stderr, interruption }: Input, question: string): Promise<string | undefined> {
  const { createInterface } = await import('node:readline');
  stderr.write(question);
  // A password from a pipe takes all there is: an input that has ended tells no listener so again.
  if (stdin.readableEnded) return undefined;
  const lines = createInterface({ input: stdin, terminal: false });
  try {
    return await new Promise((resolve, reject) => {
      lines.once('line', resolve).once('close', () => resolve(undefined));
      interruption.signal.addEventListener('abort', () => reject(interruption.signal.reason as Error), { once: true });
    });
  } finally {
    lines.close();
    stdin.pause();
  }
}

const KEYS = {
  interrupt: 0x03,
  endOfInput: 0x04,
  backspace: 0x08,
  lineFeed: 0x0a,
  carriageReturn: 0x0d,
  eraseLine: 0x15,
  delete: 0x7f,
};

/** One line from a terminal that is not shown. Throws INTERRUPTED. */
export async function readHiddenLine({ stdin, stderr, interruption }: Input, question: string): Promise<Uint8Array> {
  stderr.write(question);
  stdin.setRawMode(true);
  const typed: number[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      interruption.signal.addEventListener('abort', () => reject(interruption.signal.reason as Error), { once: true });
      stdin.once('end', resolve).on('data', (chunk: Uint8Array) => {
        if (takeKeys(typed, chunk, interruption.interrupt)) resolve();
      });
      stdin.resume();
    });
    return Uint8Array.from(typed);
  } finally {
    typed.fill(0);
    stdin.setRawMode(false);
    stdin.removeAllListeners('data').pause();
    stderr.write('\n');
  }
}

/** Whether the line is finished. */
function takeKeys(typed: number[], chunk: Uint8Array, interrupt: () => void): boolean {
  for (const key of chunk) {
    if (key === KEYS.lineFeed || key === KEYS.carriageReturn || key === KEYS.endOfInput) return true;
    if (key === KEYS.interrupt) interrupt();
    else if (key === KEYS.eraseLine) typed.length = 0;
    else if (key === KEYS.backspace || key === KEYS.delete) eraseCharacter(typed);
    else typed.push(key);
  }
  return false;
}

/** A character of UTF-8 is a lead byte and the continuation bytes after it. */
function eraseCharacter(typed: number[]): void {
  let last = typed.pop();
  while (last !== undefined && (last & 0xc0) === 0x80) last = typed.pop();
}
