/** A log of texts whose process may die, and everything that it told until then. */

import assert from 'node:assert/strict';

import type { IndexDatabase } from '../../src/storage/index-database.ts';
import type { ObjectStore } from '../../src/storage/object-store.ts';
import { openTileLog } from '../../src/servers/tiles/open-tile-log.ts';
import type { TileLogOptions } from '../../src/servers/tiles/open-tile-log.ts';
import type { TileLog } from '../../src/servers/tiles/tile-log.ts';
import { verifyTileLog } from '../../src/servers/tiles/verify-tile-log.ts';
import { createMemoryIndex } from './memory-index.ts';
import { createMemoryStore } from './memory-store.ts';
import { readPlainCheckpoint, readPlainLog, rootOfTexts, textLogKind, textSubmission } from './text-log.ts';

/** Sizes of waves of submissions: within a bundle, over its end, exactly to the end of one. */
const WAVES = [3, 250, 260, 255, 1] as const;

export interface World {
  readonly objects: ObjectStore;
  readonly index: IndexDatabase;
  /** What was ever seen as the published checkpoint. */
  readonly shown: string[];
  readonly acknowledged: Map<string, bigint>;
}

export function createWorld(): World {
  const shown: string[] = [];
  const store = createMemoryStore();
  const replace: ObjectStore['replace'] = async (key, bytes, expected) => {
    const version = await store.replace(key, bytes, expected);
    if (key === 'texts/checkpoint') shown.push(Buffer.from(bytes).toString());
    return version;
  };
  return { objects: { ...store, replace }, index: createMemoryIndex(), shown, acknowledged: new Map() };
}

const now = (): Date => new Date(1_000_000_000_000);

export function openIn({ objects, index }: World, more: Partial<TileLogOptions> = {}): Promise<TileLog> {
  return openTileLog({ kind: textLogKind, objects, index, now, gatherMs: 0, ...more });
}

/** Submits the waves one after the other, and notes what was acknowledged; what fails is only not noted. */
export async function submitWaves(
  log: TileLog,
  { acknowledged }: World,
  waves: readonly number[] = WAVES,
): Promise<void> {
  let start = 0;
  for (const count of waves) {
    const texts = Array.from({ length: count }, (_, at) => `text ${start + at}`);
    start += count;
    await Promise.allSettled(
      texts.map(async (text) => acknowledged.set(text, (await log.add(textSubmission(text))).index)),
    );
  }
}

/** Everything that anybody was told is so in the published log, and it can go on. */
export async function requireSound(world: World): Promise<void> {
  const log = await openIn(world);
  assert.equal(log.trouble(), undefined);
  await requireTold(world);
  const { index } = await log.add(textSubmission('afterwards'));
  assert.equal(index, log.head().size - 1n);
  const [[text, place] = ['afterwards', index]] = world.acknowledged;
  assert.deepEqual((await log.add(textSubmission(text))).index, place);
  await log.close();
  await requireTold(world);
  await verifyTileLog({ kind: textLogKind, objects: world.objects });
  assert.deepEqual(
    (await world.objects.list('texts/')).filter((key) => key.includes('staging')),
    [],
  );
}

async function requireTold({ objects, shown, acknowledged }: World): Promise<void> {
  const { texts } = await readPlainLog(objects);
  for (const [text, place] of acknowledged) assert.equal(texts[Number(place)], text);
  assert.equal(new Set(texts).size, texts.length, 'an entry is there twice');
  for (const note of shown) {
    const { size, root } = readPlainCheckpoint(note);
    assert.ok(size <= texts.length, 'a published checkpoint was taken back');
    assert.equal(root, rootOfTexts(texts.slice(0, size)), 'two checkpoints of one log conflict');
  }
}
