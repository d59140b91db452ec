/** A power cut at each moment in which something is written: nothing that was told is lost, and nothing forks. */

import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { openDirectoryStore } from '../../src/storage/directory-store.ts';
import { watchFileSteps } from '../support/file-steps.ts';
import { createWorld, openIn, requireSound, submitWaves } from '../support/log-world.ts';
import type { World } from '../support/log-world.ts';
import { createMemoryIndex } from '../support/memory-index.ts';
import { watchDisk } from '../support/power-cut.ts';
import { createScratchFolder } from '../support/scratch.ts';
import { randomFrom } from '../support/seeded-random.ts';
import { startLabStack } from '../support/stack-lab.ts';

/** Nothing that was not flushed is left; about half of it; a tenth is missing. */
const lucks: readonly number[] = [0, 0.5, 0.9];

interface Cut {
  readonly image: string;
  readonly shown: readonly string[];
  readonly acknowledged: ReadonlyMap<string, bigint>;
}

/** Every moment at which the work writes, as a power cut then would leave it. */
async function cutsOf(
  purpose: string,
  work: (root: string) => Promise<void>,
  told?: () => World,
): Promise<readonly Cut[]> {
  const folder = createScratchFolder(purpose);
  const root = join(folder, 'root');
  mkdirSync(root);
  const cuts: Cut[] = [];
  const random = randomFrom(1);
  const disk = watchDisk(root);
  const unwatch = await watchFileSteps(() => {
    const isLucky = (): boolean => random() < (lucks[cuts.length % lucks.length] ?? 0);
    const image = join(folder, `cut-${cuts.length}`);
    const { shown = [], acknowledged = new Map() } = told?.() ?? {};
    cuts.push({ image, shown: [...shown], acknowledged: new Map(acknowledged) });
    disk.writeImage(image, isLucky);
  });
  try {
    await work(root);
  } finally {
    unwatch();
    disk.close();
  }
  return cuts;
}

test('wherever the power is cut while a log grows, what was told is there', async () => {
  const memory = createWorld();
  const world = (): World => memory;
  const cuts = await cutsOf(
    'power-cut',
    async (root) => {
      const objects = watchCheckpoints(await openDirectoryStore(join(root, 'objects')), memory.shown);
      const log = await openIn({ ...memory, objects });
      await submitWaves(log, memory, [3, 250, 260, 2]);
      await log.close();
      assert.equal(memory.acknowledged.size, 515);
    },
    world,
  );
  assert.ok(cuts.length > 100, `${cuts.length} moments`);
  for (const [at, { image, shown, acknowledged }] of cuts.entries()) {
    const objects = await openDirectoryStore(join(image, 'objects'));
    // An index is made again. One that survived, and knows more, is that of the last batch at most.
    await requireSound({
      objects,
      index: createMemoryIndex(),
      shown: [...shown],
      acknowledged: new Map(acknowledged),
    }).catch((cause: unknown) => {
      throw new Error(`moment ${at} of ${cuts.length}: ${String(cause)}`, { cause });
    });
  }
});

function watchCheckpoints(store: World['objects'], shown: string[]): World['objects'] {
  return {
    ...store,
    replace: async (key, bytes, expected) => {
      const version = await store.replace(key, bytes, expected);
      if (key === 'texts/checkpoint') shown.push(Buffer.from(bytes).toString());
      return version;
    },
  };
}

test('wherever the power is cut while a stack is made, the next start makes it', async () => {
  const cuts = await cutsOf('making-cut', async (root) => {
    await (await startLabStack(join(root, 'data'), { isNew: true })).close();
  });
  // As often as changes what is there.
  const some = cuts.filter((_, at) => at % 6 === 0 || at > cuts.length - 3);
  for (const { image } of some) {
    const dataDir = join(image, 'data');
    const stack = await startLabStack(dataDir, { isNew: !existsSync(join(dataDir, 'stack.json')) });
    assert.equal((await fetch(`${stack.url}/readyz`)).status, 200);
    await stack.close();
  }
});
