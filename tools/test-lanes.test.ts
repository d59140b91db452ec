import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { root } from './project.ts';
import { runLane } from './test-lanes.ts';
import type { Tally } from './test-lanes.ts';

async function tallyOf(t: TestContext, body: string, limitMs = 20_000): Promise<Tally> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-lane-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'planted.test.ts');
  await writeFile(file, `import { test } from 'node:test';\n${body}`);
  return runLane({ name: 'planted', files: [relative(root, file)], isolation: 'none', limitMs, quiet: true });
}

test('lanes: what passes, fails and is skipped is counted', async (t) => {
  const body = `test('a', () => {}); test('b', () => { throw new Error('no'); }); test('c', { skip: 'why' }, () => {});`;
  assert.deepEqual(await tallyOf(t, body), { passed: 1, failed: 1, skipped: 1 });
});

test('lanes: a file that does not load fails', async (t) => {
  assert.equal((await tallyOf(t, `import './absent.ts';`)).failed, 1);
});

test('lanes: a process that ends before the tally fails', async (t) => {
  assert.equal((await tallyOf(t, `test('a', () => process.exit(0));`)).failed, 1);
});

test('lanes: an error after the last test fails', async (t) => {
  const body = `test('a', () => { setTimeout(() => { throw new Error('late'); }, 50); }); test('b', () => new Promise((r) => setTimeout(r, 200)));`;
  assert.deepEqual(await tallyOf(t, body), { passed: 2, failed: 1, skipped: 0 });
});

test('lanes: something left open fails when the time is up', async (t) => {
  const body = `import { createServer } from 'node:net'; test('a', () => void createServer().listen(0, '127.0.0.1'));`;
  assert.equal((await tallyOf(t, body, 1_500)).failed, 1);
});

test('lanes: a test that is only to do fails', async (t) => {
  assert.equal((await tallyOf(t, `test('a', { todo: true }, () => {});`)).failed, 1);
});
