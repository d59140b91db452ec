import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { createMemoryIndex } from '../../../test/support/memory-index.ts';
import { createMemoryStore } from '../../../test/support/memory-store.ts';
import { readPlainLog, rootOfTexts, textLogKind, textSubmission } from '../../../test/support/text-log.ts';
import { hexOf } from '../../base/bytes.ts';
import { limits } from '../../base/limits.ts';
import { inclusionRootOf, isConsistent, leafHashOf } from '../../formats/tlog/merkle.ts';
import type { IndexDatabase } from '../../storage/index-database.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { openTileLog } from './open-tile-log.ts';
import type { TileLogOptions } from './open-tile-log.ts';
import type { AddedEntry, TileLog } from './tile-log.ts';
import { verifyTileLog } from './verify-tile-log.ts';

interface World {
  readonly objects: ObjectStore;
  readonly index: IndexDatabase;
  /** Milliseconds that the clock shows. */
  readonly clock: { ms: number };
}

function createWorld(): World {
  return { objects: createMemoryStore(), index: createMemoryIndex(), clock: { ms: 1_000_000_000_000 } };
}

function open({ objects, index, clock }: World, more: Partial<TileLogOptions> = {}): Promise<TileLog> {
  return openTileLog({ kind: textLogKind, objects, index, now: () => new Date(clock.ms), gatherMs: 0, ...more });
}

const textsOf = (start: number, count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `text ${start + at}`);
const addAll = (log: TileLog, texts: readonly string[]): Promise<readonly AddedEntry[]> =>
  Promise.all(texts.map((text) => log.add(textSubmission(text))));

test('a new log publishes a signed head of the empty tree', async () => {
  const world = createWorld();
  const log = await open(world);
  assert.deepEqual([log.head().size, log.trouble()], [0n, undefined]);
  assert.deepEqual(await readPlainLog(world.objects), { size: 0, root: rootOfTexts([]), texts: [] });
  await assert.rejects(log.read(0n), hasCode('LOG_ENTRY_ABSENT'));
  assert.deepEqual(await log.consistencyProof(0n, 0n), []);
});

test('what was added is there, in order, under the published head, and proven', async () => {
  const world = createWorld();
  const log = await open(world);
  for (const [start, count] of [
    [0, 3],
    [3, 252],
    [255, 1],
    [256, 700],
    [956, 1],
  ] as const) {
    const before = log.head();
    world.clock.ms += 10;
    const added = await addAll(log, textsOf(start, count));
    assert.deepEqual(
      added.map(({ index, isDuplicate, time }) => [index, isDuplicate, time.getTime()]),
      added.map((_, at) => [BigInt(start + at), false, world.clock.ms]),
    );
    const head = log.head();
    assert.equal(head.size, BigInt(start + count));
    const plain = await readPlainLog(world.objects);
    assert.deepEqual(plain.texts, textsOf(0, start + count));
    assert.equal(hexOf(head.root), plain.root);
    assert.ok(isConsistent(before, head, await log.consistencyProof(before.size, head.size)));
    for (const { index, entry } of added.slice(-2)) {
      const proof = await log.inclusionProof(index, head.size);
      const root = inclusionRootOf(leafHashOf(entry), index, head.size, proof);
      assert.equal(root && hexOf(root), plain.root);
    }
  }
  await log.close();
  const report = await verifyTileLog({ kind: textLogKind, objects: world.objects });
  assert.equal(report.size, 957n);
});

test('entries, times and places are read back, also after opening again', async () => {
  const world = createWorld();
  const first = await open(world);
  await addAll(first, textsOf(0, 300));
  await first.close();
  world.clock.ms += 5000;
  const log = await open(world);
  await addAll(log, textsOf(300, 10));
  for (const place of [0, 255, 256, 299, 300, 309]) {
    const { index, time, entry } = await log.read(BigInt(place));
    assert.deepEqual([index, Buffer.from(entry).toString()], [BigInt(place), `text ${place}`]);
    assert.equal(time.getTime(), place < 300 ? 1_000_000_000_000 : world.clock.ms);
    assert.deepEqual(hexOf(await log.leafHash(BigInt(place))), hexOf(leafHashOf(entry)));
  }
  assert.equal((await log.readFrom(254n, 1000)).length, 2);
  assert.equal((await log.readFrom(256n, 7)).length, 7);
  assert.equal(await log.find(textSubmission('text 301').identity), 301n);
  assert.equal(await log.find(textSubmission('text 310').identity), undefined);
  assert.deepEqual(await log.search({ keys: ['text:text 5', 'text:text 305'], operator: 'or', limit: 10 }), [5n, 305n]);
  for (const place of [-1n, 310n]) {
    await assert.rejects(log.read(place), hasCode('LOG_ENTRY_ABSENT'));
    await assert.rejects(log.leafHash(place), hasCode('LOG_ENTRY_ABSENT'));
    await assert.rejects(log.inclusionProof(place, 310n), hasCode('LOG_ENTRY_ABSENT'));
  }
  await assert.rejects(log.inclusionProof(5n, 5n), hasCode('LOG_ENTRY_ABSENT'));
  await assert.rejects(log.inclusionProof(5n, 311n), hasCode('LOG_SIZE_UNKNOWN'));
  await assert.rejects(log.consistencyProof(5n, 311n), hasCode('LOG_SIZE_UNKNOWN'));
  await assert.rejects(log.consistencyProof(6n, 5n), hasCode('LOG_SIZE_UNKNOWN'));
  await assert.rejects(log.rootAt(-1n), hasCode('LOG_SIZE_UNKNOWN'));
  assert.equal(hexOf(await log.rootAt(257n)), rootOfTexts(textsOf(0, 257)));
});

test('what is the same is added once: in one batch, in batches one after the other, and after opening again', async () => {
  const world = createWorld();
  const log = await open(world);
  const together = await addAll(log, ['a', 'b', 'a', 'a']);
  assert.deepEqual(
    together.map(({ index, isDuplicate }) => [index, isDuplicate]),
    [
      [0n, false],
      [1n, false],
      [0n, true],
      [0n, true],
    ],
  );
  world.clock.ms += 1000;
  const later = await log.add(textSubmission('b'));
  assert.deepEqual([later.index, later.isDuplicate, later.time.getTime()], [1n, true, 1_000_000_000_000]);
  assert.equal(Buffer.from(later.entry).toString(), 'b');
  await log.close();
  const again = await open(world);
  assert.deepEqual(
    (await addAll(again, ['b', 'c', 'a'])).map(({ index }) => index),
    [1n, 2n, 0n],
  );
  assert.deepEqual((await readPlainLog(world.objects)).texts, ['a', 'b', 'c']);
});

test('a submission that cannot be written down is refused by itself', async () => {
  const world = createWorld();
  const log = await open(world);
  const bad = { ...textSubmission('bad'), recordAt: () => assert.fail('cannot') };
  const large = textSubmission('x'.repeat(limits.logEntryBytes + 1));
  const record = textSubmission('keys').recordAt(0n, new Date());
  const manyKeys = {
    ...textSubmission('many'),
    recordAt: () => ({ ...record, keys: Array.from({ length: limits.indexKeys + 1 }, () => 'k') }),
  };
  const longKeys = {
    ...textSubmission('long'),
    recordAt: () => ({ ...record, keys: Array.from({ length: 100 }, () => 'k'.repeat(1000)) }),
  };
  const shortIdentity = { ...textSubmission('short'), identity: new Uint8Array(31) };
  const otherLeaf = { ...textSubmission('leaf'), recordAt: () => ({ ...record, leaf: new Uint8Array() }) };
  const settled = await Promise.allSettled(
    [textSubmission('one'), bad, large, manyKeys, longKeys, shortIdentity, otherLeaf, textSubmission('two')].map(
      log.add,
    ),
  );
  assert.deepEqual(
    settled.map((each) => (each.status === 'fulfilled' ? each.value.index : (each.reason as { code?: string }).code)),
    [0n, 'ERR_ASSERTION', ...Array.from({ length: 4 }, () => 'INPUT_TOO_LARGE'), undefined, 1n],
  );
  assert.deepEqual((await readPlainLog(world.objects)).texts, ['one', 'two']);
});

test('times never go backwards, and a clock that stands far back is not believed until it is set right', async () => {
  const world = createWorld();
  const log = await open(world);
  const { time } = await log.add(textSubmission('a'));
  world.clock.ms -= limits.logClockBackMs;
  assert.equal((await log.add(textSubmission('b'))).time.getTime(), time.getTime());
  world.clock.ms -= 1;
  assert.match(log.trouble() ?? '', /the clock is 60 seconds behind/);
  await assert.rejects(log.add(textSubmission('c')), hasCode('LOG_READ_ONLY'));
  assert.equal(log.head().size, 2n);
  world.clock.ms += 2 * limits.logClockBackMs;
  assert.equal(log.trouble(), undefined);
  assert.equal((await log.add(textSubmission('c'))).time.getTime(), world.clock.ms);
});

test('more submissions than can wait are turned away, and those that wait are all answered', async () => {
  const log = await open(createWorld());
  const settled = await Promise.allSettled(
    textsOf(0, limits.logWaiting + 5).map((text) => log.add(textSubmission(text))),
  );
  const refused = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
  assert.equal(refused.length, 5);
  assert.ok(refused.every(hasCode('LOG_BUSY')));
  assert.equal(log.head().size, BigInt(limits.logWaiting));
});

test('a log that is closed answers what waits and takes nothing more', async () => {
  const world = createWorld();
  const log = await open(world, { gatherMs: 60_000 });
  const added = log.add(textSubmission('a'));
  await log.close();
  assert.equal((await added).index, 0n);
  await assert.rejects(log.add(textSubmission('b')), hasCode('LOG_READ_ONLY'));
});

test('only the tiles and bundles of the published head stay behind, beside full ones', async () => {
  const world = createWorld();
  const log = await open(world);
  for (let at = 0; at < 30; at += 1) await addAll(log, textsOf(at * 10, 10));
  await log.close();
  assert.deepEqual(await world.objects.list('texts/'), [
    'texts/checkpoint',
    'texts/side/000',
    'texts/side/001.p/44',
    'texts/state',
    'texts/tile/0/000',
    'texts/tile/0/001.p/44',
    'texts/tile/1/000.p/1',
    'texts/tile/entries/000',
    'texts/tile/entries/001.p/44',
  ]);
});

test('the index is made again from the objects when it is lost or behind', async () => {
  const world = createWorld();
  const first = await open(world);
  await addAll(first, textsOf(0, 600));
  await first.close();
  const index = createMemoryIndex();
  const log = await open({ ...world, index });
  assert.equal(await index.sizeOf('texts'), 600n);
  assert.equal(log.trouble(), undefined);
  const { index: place, isDuplicate } = await log.add(textSubmission('text 599'));
  assert.deepEqual([place, isDuplicate], [599n, true]);
  assert.deepEqual(await log.search({ keys: ['text:text 257'], operator: 'and', limit: 10 }), [257n]);
});
