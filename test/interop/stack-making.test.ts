/** A stack that is killed while it is made. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { verifyStackLog } from '../../src/servers/stack/verify-logs.ts';
import { watchFileSteps } from '../support/file-steps.ts';
import { createScratchFolder } from '../support/scratch.ts';
import { addEntryTo, certifyIn, startLabStack } from '../support/stack-lab.ts';
import type { LabOptions } from '../support/stack-lab.ts';

const folder = createScratchFolder('making');

/** What a process that was killed leaves, by what is in it: names and bytes, without those that nobody reads. */
function digestOf(dataDir: string): string {
  const files = readdirSync(dataDir, { recursive: true, encoding: 'utf8' }).filter(
    (path) => !/~scratch|^lock|\.sock$|^registry/.test(path) && statSync(join(dataDir, path)).isFile(),
  );
  const hash = createHash('sha256');
  for (const path of files.toSorted())
    hash
      .update(path)
      .update('\0')
      .update(readFileSync(join(dataDir, path)));
  return hash.digest('hex');
}

/** What each kill would leave while a stack is made. */
async function leftBy(name: string, options: LabOptions): Promise<readonly string[]> {
  const dataDir = join(folder, name);
  const left = new Map<string, string>();
  const unwatch = await watchFileSteps(() => {
    if (!existsSync(dataDir)) return;
    const digest = digestOf(dataDir);
    if (left.has(digest)) return;
    const copy = `${dataDir}-${left.size}`;
    cpSync(dataDir, copy, { recursive: true, filter: (path) => !path.endsWith('.sock') });
    left.set(digest, copy);
  });
  try {
    await (await startLabStack(dataDir, { ...options, isNew: true })).close();
  } finally {
    unwatch();
  }
  return [...left.values()];
}

const isNew = (dataDir: string): boolean => !existsSync(join(dataDir, 'stack.json'));

test('killed at any moment while it is made, a stack is made by the next start', async () => {
  const left = await leftBy('made', {});
  assert.ok(left.length > 15, `${left.length} states`);
  for (const dataDir of left) {
    const stack = await startLabStack(dataDir, { isNew: isNew(dataDir) });
    try {
      assert.equal((await fetch(`${stack.url}/readyz`)).status, 200, dataDir);
      await addEntryTo(stack, await certifyIn(stack));
      assert.equal((await verifyStackLog(dataDir, 'rekor', () => undefined)).size, 2n);
      assert.equal((await verifyStackLog(dataDir, 'ctlog', () => undefined)).size, 1n);
    } finally {
      await stack.close();
    }
  }
});

test('so is one with a certificate of its own', async () => {
  const left = await leftBy('tls', { tls: 'self-made' });
  for (const dataDir of left.filter((copy) => isNew(copy) || /-[0-6]$/.test(copy))) {
    const stack = await startLabStack(dataDir, { isNew: isNew(dataDir), tls: 'self-made' });
    assert.match(stack.url, /^https:/);
    await stack.close();
  }
});
