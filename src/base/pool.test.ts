import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';

import { mapPool, mapPoolUntil } from './pool.ts';

test('results stand in the order of the items and no more than the cap run at once', async () => {
  let running = 0;
  let peak = 0;
  const results = await mapPool([5, 1, 3, 0, 2], 2, async (ms) => {
    running += 1;
    peak = Math.max(peak, running);
    await sleep(ms);
    running -= 1;
    return ms * 10;
  });
  assert.deepEqual(results, [50, 10, 30, 0, 20]);
  assert.equal(peak, 2);
});

test('no item starts once one is enough, and those under way are kept', async () => {
  const started: number[] = [];
  const items = Array.from({ length: 100 }, (_, index) => index);
  const results = await mapPoolUntil(
    items,
    4,
    async (item) => {
      started.push(item);
      await sleep(1);
      return item;
    },
    (item) => item >= 2,
  );
  assert.ok(started.length < 12);
  assert.deepEqual(results, items.slice(0, started.length));
});

test('the first failure is thrown after what was under way has ended', async () => {
  let ended = 0;
  const run = mapPool([0, 1, 2, 3, 4, 5], 2, async (item) => {
    await sleep(item === 1 ? 1 : 5);
    ended += 1;
    if (item === 1) throw new Error('second');
    return item;
  });
  await assert.rejects(run, /second/);
  assert.equal(ended, 2);
});
