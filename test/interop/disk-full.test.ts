/** A disk that is full, at any point of a write: what was told is there, what was refused is not, and with room again it
 *  goes on. */

import assert from 'node:assert/strict';
import { statfsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { verifyStackLog } from '../../src/servers/stack/verify-logs.ts';
import { startCrashingStack } from '../support/crashing-process.ts';
import type { CrashingStack } from '../support/crashing-process.ts';
import { postJson } from '../support/plain-client.ts';
import { entryOf, entriesPath, proposeHashedRekord } from '../support/rekor-lab.ts';
import type { EntryJson } from '../support/rekor-lab.ts';
import { openSmallDisk } from '../support/small-disk.ts';

const MIB = 1024 * 1024;

test('on a disk that is nearly full entries are refused, what was told can be read, and with room again it goes on', async (t) => {
  const disk = await openSmallDisk(90);
  if (disk === undefined) return t.skip('this user may not mount a file system of its own (unshare, nsenter)');
  t.after(disk.close);
  const dataDir = join(disk.folder, 'data');
  const ballast = join(disk.seen, 'ballast');
  const told = new Map<string, EntryJson>();
  const open = async (): Promise<CrashingStack> => {
    const stack = await startCrashingStack(dataDir, undefined, (program, args) => disk.run(program, args));
    assert.ok(stack !== undefined);
    return stack;
  };
  let stack = await open();
  // A mebibyte above the reserve, which entries use up; then nothing at all is left, by somebody else's doing.
  for (const leftBytes of [65 * MIB, 0]) {
    await add(stack, told);
    const { bavail, bsize } = statfsSync(disk.seen);
    writeFileSync(ballast, Buffer.alloc(bavail * bsize - leftBytes));
    await fill(stack, told);
    await requireKept(stack, told);
    // Also a process that starts on the full disk reads, and refuses.
    await stack.kill();
    stack = await open();
    await requireKept(stack, told);
    await fill(stack, told);
    rmSync(ballast);
    await add(stack, told);
    await requireKept(stack, told);
    for (const name of ['rekor', 'ctlog'] as const) {
      await verifyStackLog(join(disk.seen, 'data'), name, () => undefined);
    }
  }
  await stack.kill();
});

async function add({ url }: CrashingStack, told: Map<string, EntryJson>): Promise<void> {
  const answer = await postJson(`${url}${entriesPath}`, proposeHashedRekord(`text ${told.size}`));
  const text = await answer.text();
  if (answer.status !== 201) throw new Error(`${answer.status}: ${text}`);
  told.set(...entryOf(JSON.parse(text)));
}

/** Adds until there is no room. Throws when that takes long, or when it is said otherwise. */
async function fill(stack: CrashingStack, told: Map<string, EntryJson>): Promise<void> {
  const isFull = (error: unknown): boolean => /^Error: 507: .*there is no room/.test(String(error));
  await assert.rejects(async () => {
    for (let count = 0; count < 2_000; count += 1) await add(stack, told);
  }, isFull);
  assert.equal(stack.isEnded(), false);
}

async function requireKept({ url }: CrashingStack, told: ReadonlyMap<string, EntryJson>): Promise<void> {
  for (const [uuid, { body, logIndex }] of told) {
    const answer = await fetch(`${url}${entriesPath}/${uuid}`);
    assert.equal(answer.status, 200, uuid);
    const [, found] = entryOf(await answer.json());
    assert.deepEqual([found.body, found.logIndex], [body, logIndex]);
  }
}
