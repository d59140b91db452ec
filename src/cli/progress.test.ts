import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { mock, test } from 'node:test';

import { openTransferProgress } from './progress.ts';

function shownBy(isTTY: boolean, seconds: number): string {
  let now = 0;
  const clock = mock.method(performance, 'now', () => now);
  const stream = new PassThrough();
  const progress = openTransferProgress({ stderr: Object.assign(stream, { isTTY }) as unknown as NodeJS.WriteStream });
  for (; now < seconds * 1000; now += 250) progress.onBytes(1024 * 1024);
  progress.close();
  clock.mock.restore();
  return writtenTo(stream);
}

function writtenTo(stream: PassThrough): string {
  const chunks: unknown[] = [];
  for (let chunk: unknown = stream.read(); chunk !== null; chunk = stream.read()) chunks.push(chunk);
  return chunks.join('');
}

test('a short transfer shows nothing', () => {
  assert.equal(shownBy(true, 1.5), '');
  assert.equal(shownBy(false, 1.5), '');
});

test('a long transfer writes one line over and over on a terminal', () => {
  const shown = shownBy(true, 6);
  assert.ok(shown.split('\r').length > 10);
  assert.equal(shown.split('\n').length, 2);
});

test('a long transfer writes a line every few seconds elsewhere', () => {
  const lines = shownBy(false, 20).trimEnd().split('\n');
  assert.equal(lines.length, 4);
  for (const line of lines) assert.match(line, /^\d+\.\d MiB, \d+\.\d MiB\/s$/);
});
