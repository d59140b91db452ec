import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';

import { CountersignError } from '../base/errors.ts';
import { readNewPassword, readPassword } from './password.ts';
import type { Session } from './session.ts';

/** A session whose input is a terminal or a pipe. */
function createConsole(
  isTTY: boolean,
  environment: Record<string, string> = {},
): { session: Session; type: (text: string) => void; end: () => void; shown: () => string; modes: boolean[] } {
  const modes: boolean[] = [];
  const input = new PassThrough();
  const stdin = Object.assign(input, { isTTY, setRawMode: (mode: boolean) => modes.push(mode) });
  const stderr = new PassThrough();
  const controller = new AbortController();
  const interrupt = (): void => controller.abort(new CountersignError('INTERRUPTED', 'interrupted'));
  const interruption = { signal: controller.signal, interrupt, close: () => {} };
  const session = { stdin, stderr, environment, interruption } as unknown as Session;
  return {
    session,
    type: (text) => void input.write(text),
    end: () => void input.end(),
    shown: () => writtenTo(stderr),
    modes,
  };
}

function writtenTo(stream: PassThrough): string {
  const chunks: unknown[] = [];
  for (let chunk: unknown = stream.read(); chunk !== null; chunk = stream.read()) chunks.push(chunk);
  return chunks.join('');
}

const textOf = async (bytes: Promise<Uint8Array>): Promise<string> => Buffer.from(await bytes).toString('utf8');

describe('the password', () => {
  test('comes from COSIGN_PASSWORD, even when that is empty', async () => {
    assert.equal(await textOf(readPassword(createConsole(true, { COSIGN_PASSWORD: 'x' }).session)), 'x');
    assert.equal(await textOf(readPassword(createConsole(true, { COSIGN_PASSWORD: '' }).session)), '');
  });

  test('is all of a pipe, line feeds included', async () => {
    const { session, type, end } = createConsole(false);
    type('two\nlines\n');
    end();
    assert.equal(await textOf(readPassword(session)), 'two\nlines\n');
  });

  test('is capped when it comes from a pipe', async () => {
    const { session, type, end } = createConsole(false);
    type('x'.repeat(5000));
    end();
    await assert.rejects(readPassword(session), { code: 'INPUT_TOO_LARGE' });
  });

  test('is asked for at a terminal without being shown', async () => {
    const { session, type, shown, modes } = createConsole(true);
    const password = textOf(readPassword(session));
    type('geheim\r');
    assert.equal(await password, 'geheim');
    assert.equal(shown(), 'Enter password for private key: \n');
    assert.deepEqual(modes, [true, false]);
  });

  test('can be corrected while it is typed, character by character and as a whole', async () => {
    const { session, type } = createConsole(true);
    const password = textOf(readPassword(session));
    type('wrong\u0015pä');
    type('\u007fq\n');
    assert.equal(await password, 'pq');
  });

  test('of a new key is asked for twice', async () => {
    const { session, type, shown } = createConsole(true);
    const password = textOf(readNewPassword(session));
    type('one\r');
    await new Promise((resolve) => setTimeout(resolve, 10));
    type('one\r');
    assert.equal(await password, 'one');
    assert.match(shown(), /again/);
  });

  test('of a new key is refused when the two differ', async () => {
    const { session, type } = createConsole(true);
    const password = readNewPassword(session);
    type('one\r');
    await new Promise((resolve) => setTimeout(resolve, 10));
    type('two\r');
    await assert.rejects(password, { code: 'PASSWORD_MISMATCH' });
  });

  test('Ctrl-C at the prompt interrupts, and the terminal echoes again', async () => {
    const { session, type, modes } = createConsole(true);
    const password = readPassword(session);
    type('half\u0003');
    await assert.rejects(password, { code: 'INTERRUPTED' });
    assert.deepEqual(modes, [true, false]);
  });
});
