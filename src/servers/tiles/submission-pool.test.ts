import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { limits } from '../../base/limits.ts';
import { openSubmissionPool } from './submission-pool.ts';

const GATHER_MS = 6;

/** A pool whose batches are only noted, by their sizes, on a clock that stands still. */
function openPool(t: TestContext): { readonly add: (name: number) => void; readonly batches: readonly number[] } {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const batches: number[] = [];
  const pool = openSubmissionPool({
    gatherMs: GATHER_MS,
    requireWritable: () => undefined,
    find: async () => undefined,
    sequence: async (batch) => {
      batches.push(batch.length);
      for (const { resolve } of batch) {
        resolve({ index: 0n, time: new Date(), entry: new Uint8Array(), isDuplicate: false });
      }
    },
  });
  const recordAt = (): never => assert.fail('a pool writes nothing down');
  return {
    batches,
    add: (name) => {
      const identity = new Uint8Array(32);
      new DataView(identity.buffer).setUint32(0, name);
      void pool.add({ identity, recordAt });
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function pass(t: TestContext, ms: number): Promise<void> {
  await turn();
  t.mock.timers.tick(ms);
  await turn();
}

test('a batch begins when nobody has come for two milliseconds', async (t) => {
  const { add, batches } = openPool(t);
  add(1);
  await pass(t, 1);
  add(2);
  await pass(t, 1);
  assert.deepEqual(batches, []);
  await pass(t, 1);
  add(3);
  await pass(t, 1);
  await pass(t, 2);
  assert.deepEqual(batches, [3]);
});

test('a batch waits for no stream without a gap', async (t) => {
  const { add, batches } = openPool(t);
  for (let at = 0; at < GATHER_MS; at += 1) {
    add(at);
    await pass(t, 1);
  }
  assert.deepEqual(batches, [GATHER_MS]);
});

test('a full batch waits for nobody', async (t) => {
  const { add, batches } = openPool(t);
  for (let at = 0; at < limits.logBatch + 1; at += 1) add(at);
  await turn();
  await pass(t, 2);
  await pass(t, 2);
  assert.deepEqual(batches, [limits.logBatch, 1]);
});
