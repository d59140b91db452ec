import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openStackLog } from './stack-log.ts';

const now = (): Date => new Date('2026-01-02T03:04:05.678Z');

async function linesOf(format: 'text' | 'json', isVerbose = false): Promise<readonly string[]> {
  const lines: string[] = [];
  const log = await openStackLog({ format, isVerbose, now, write: (text) => lines.push(text) });
  log.note('started');
  log.warn('disk is full\u001b[31m');
  log.debug('detail');
  log.noteOnce('once');
  log.noteOnce('once');
  log.event('info', 'request', { status: 200, path: '/a b' });
  return lines;
}

test('people read lines in which nothing can act on their terminal', async () => {
  const at = '2026-01-02T03:04:05Z';
  assert.deepEqual(await linesOf('text'), [
    `${at} started\n`,
    `${at} WARNING: disk is full\\x1b[31m\n`,
    `${at} once\n`,
    `${at} request status=200 path="/a b"\n`,
  ]);
});

test('machines read one JSON object a line, and the details when they are wanted', async () => {
  const parsed = (await linesOf('json', true)).map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(parsed, [
    { level: 'info', time: now().toISOString(), message: 'started' },
    { level: 'warn', time: now().toISOString(), message: 'disk is full\u001b[31m' },
    { level: 'debug', time: now().toISOString(), message: 'detail' },
    { level: 'info', time: now().toISOString(), message: 'once' },
    { level: 'info', time: now().toISOString(), status: 200, path: '/a b', message: 'request' },
  ]);
});
