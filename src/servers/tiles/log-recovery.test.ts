import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { createFaultyStore } from '../../../test/support/faulty-store.ts';
import type { Fault } from '../../../test/support/faulty-store.ts';
import { createMemoryIndex } from '../../../test/support/memory-index.ts';
import { createMemoryStore } from '../../../test/support/memory-store.ts';
import {
  readPlainCheckpoint,
  readPlainLog,
  rootOfTexts,
  textLogKind,
  textSubmission,
} from '../../../test/support/text-log.ts';
import { isErrorWithCode } from '../../base/errors.ts';
import type { IndexDatabase } from '../../storage/index-database.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { openTileLog } from './open-tile-log.ts';
import type { TileLogOptions } from './open-tile-log.ts';
import type { SequencerStep } from './sequencer.ts';
import type { TileLog } from './tile-log.ts';
import { verifyTileLog } from './verify-tile-log.ts';

/** Sizes of waves of submissions: within a bundle, over its end, exactly to the end of one. */
const WAVES = [3, 250, 260, 255, 1] as const;
const steps: readonly SequencerStep[] = (['entry', 'commit', 'tiles', 'publish', 'index', 'answer'] as const).flatMap(
  (step) => [`before-${step}`, `after-${step}`] as const,
);

interface World {
  readonly objects: ObjectStore;
  readonly index: IndexDatabase;
  /** What was ever seen as the published checkpoint. */
  readonly shown: string[];
  readonly acknowledged: Map<string, bigint>;
}

function createWorld(): World {
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

function open({ objects, index }: World, more: Partial<TileLogOptions> = {}): Promise<TileLog> {
  return openTileLog({ kind: textLogKind, objects, index, now, gatherMs: 0, ...more });
}

/** Submits the waves one after the other, and notes what was acknowledged; what fails is only not noted. */
async function submitWaves(log: TileLog, { acknowledged }: World, waves: readonly number[] = WAVES): Promise<void> {
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
async function requireSound(world: World): Promise<void> {
  const log = await open(world);
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

test('whatever step a process dies at, everything it told is so when the log is opened again', async () => {
  for (const step of steps) {
    for (const batch of [1, 2, 3, 4, 5]) {
      const world = createWorld();
      let seen = 0;
      const died = Promise.withResolvers<void>();
      const log = await open(world, {
        onStep: (at) => {
          if (at !== step || (seen += 1) < batch) return undefined;
          died.resolve();
          // Nothing of this process happens any more.
          return new Promise(() => undefined);
        },
      });
      await Promise.race([died.promise, submitWaves(log, world)]);
      assert.equal(seen, batch, step);
      await requireSound(world);
    }
  }
});

test('a process may die again and again while the log is opened, and nothing is lost', async () => {
  for (let deadAfter = 1; deadAfter <= 6; deadAfter += 1) {
    const world = createWorld();
    const died = Promise.withResolvers<void>();
    let seen = 0;
    const log = await open(world, {
      onStep: (at) => {
        if (at !== 'after-commit' || (seen += 1) < 3) return undefined;
        died.resolve();
        return new Promise(() => undefined);
      },
    });
    await Promise.race([died.promise, submitWaves(log, world)]);
    const dying = createFaultyStore(world.objects, { write: deadAfter, effect: 'half-applied', isFinal: true });
    await open({ ...world, objects: dying }).catch(() => undefined);
    await requireSound(world);
  }
});

/** Errors after which the store can still be used: the answer was lost, or the disk was full. */
function soft(store: ObjectStore): ObjectStore {
  const softened = async <T>(write: Promise<T>): Promise<T> => {
    try {
      return await write;
    } catch (error) {
      throw isErrorWithCode(error, 'STORE_FAILED') ? new Error('the answer was lost') : error;
    }
  };
  return {
    ...store,
    create: (objects) => softened(store.create(objects)),
    replace: (key, bytes, expected) => softened(store.replace(key, bytes, expected)),
    remove: (keys) => softened(store.remove(keys)),
  };
}

test('whichever write fails, applied, half applied or not, nothing that was told is lost', async () => {
  const effects: readonly Fault['effect'][] = ['lost-answer', 'not-applied', 'half-applied'];
  for (const effect of effects) {
    for (const isFinal of [true, false]) {
      for (let write = 1; write <= 3 + 5 * 3; write += 1) {
        const world = createWorld();
        const faulty = createFaultyStore(world.objects, { write, effect, isFinal });
        const errors: unknown[] = [];
        const objects = isFinal ? faulty : soft(faulty);
        try {
          const log = await open({ ...world, objects }, { onFatal: (error) => errors.push(error) });
          await submitWaves(log, world, [3, 254, 2]);
          await log.close();
          // What can be done again is done again, unless the store is broken: then the log says so.
          assert.equal(log.trouble() === undefined, errors.length === 0);
          if (!isFinal) assert.deepEqual([errors, world.acknowledged.size], [[], 259], `write ${write}`);
        } catch (error) {
          assert.ok(write <= 3, `write ${write}: ${String(error)}`);
        }
        await requireSound(world);
      }
    }
  }
});

test('a full disk refuses entries and leaves nothing behind, and the log goes on when there is room', async () => {
  for (const failing of ['create', 'replace'] as const) {
    const world = createWorld();
    let isFull = false;
    const whenRoom = async <T>(write: () => Promise<T>): Promise<T> => {
      if (isFull) throw new Error('no space left');
      return write();
    };
    const objects: ObjectStore = {
      ...world.objects,
      ...(failing === 'create'
        ? { create: (created) => whenRoom(() => world.objects.create(created)) }
        : { replace: (key, bytes, expected) => whenRoom(() => world.objects.replace(key, bytes, expected)) }),
    };
    const log = await open({ ...world, objects }, { onFatal: (error) => assert.fail(String(error)) });
    await submitWaves(log, world, [3]);
    const before = await world.objects.list('texts/');
    isFull = true;
    await assert.rejects(log.add(textSubmission('no room')), /no space left/);
    assert.deepEqual(await world.objects.list('texts/'), before);
    isFull = false;
    assert.equal((await log.add(textSubmission('room'))).index, 3n);
    await requireSound(world);
  }
});

test('an index that cannot be written ends the log before anybody is told, and is caught up later', async () => {
  const world = createWorld();
  const errors: unknown[] = [];
  const index = { ...world.index, append: () => Promise.reject(new Error('broken')) };
  const log = await open({ ...world, index }, { onFatal: (error) => errors.push(error) });
  await submitWaves(log, world, [3, 4]);
  assert.deepEqual([world.acknowledged.size, errors.length], [0, 1]);
  await assert.rejects(log.add(textSubmission('more')), hasCode('LOG_READ_ONLY'));
  await requireSound(world);
});

test('of two writers the one that comes second stops, and nothing forks', async () => {
  const world = createWorld();
  const [first, second] = [await open(world), await open(world)];
  await submitWaves(first, world, [5]);
  await assert.rejects(second.add(textSubmission('other')), hasCode('STORE_CONFLICT'));
  assert.match(second.trouble() ?? '', /written by somebody else/);
  await assert.rejects(second.add(textSubmission('another')), hasCode('LOG_READ_ONLY'));
  await submitWaves(first, world);
  await requireSound(world);
});

/** A log of some hundred entries, closed; its objects can be changed at will. */
async function createClosedLog(waves: readonly number[]): Promise<World> {
  const world = createWorld();
  const log = await open(world);
  await submitWaves(log, world, waves);
  await log.close();
  return world;
}

/** The same store, where some objects are others or, undefined, are not there. */
function withObjects({ objects }: World, changed: ReadonlyMap<string, Uint8Array | undefined>): ObjectStore {
  return {
    ...objects,
    read: async (key) => {
      if (!changed.has(key)) return objects.read(key);
      const bytes = changed.get(key);
      return bytes && { bytes, version: 'changed' };
    },
    list: async (prefix) => (await objects.list(prefix)).filter((key) => !changed.has(key) || changed.get(key)),
    create: () => assert.fail('a damaged log is written to'),
    replace: () => assert.fail('a damaged log is written to'),
    remove: () => assert.fail('a damaged log is written to'),
  };
}

/** Opened read-only with a reason, or not at all: never ready to go on. */
async function requireRefused(world: World, objects: ObjectStore, why: string): Promise<string> {
  try {
    const log = await open({ ...world, objects });
    const trouble = log.trouble();
    assert.ok(trouble !== undefined, `${why}: opened as if nothing were wrong`);
    await assert.rejects(log.add(textSubmission('more')), hasCode('LOG_READ_ONLY'), why);
    return trouble;
  } catch (error) {
    assert.ok(isErrorWithCode(error, 'LOG_DAMAGED'), `${why}: ${String(error)}`);
    return error.message;
  }
}

test('truncated, changed and missing objects at the edge of the log are noticed before anything is written', async () => {
  const world = await createClosedLog([3, 300, 5]);
  const edge = (await world.objects.list('texts/')).filter((key) => key.includes('.p/') || key.endsWith('state'));
  assert.equal(edge.length, 5);
  for (const key of edge) {
    const bytes = (await world.objects.read(key))?.bytes ?? new Uint8Array();
    const flipped = Uint8Array.from(bytes);
    flipped[bytes.length - 1] = (flipped[bytes.length - 1] ?? 0) ^ 1;
    const damages = [bytes.slice(0, bytes.length / 2), bytes.slice(0, -2), new Uint8Array(), undefined];
    // What is found by an entry is not signed: a letter of it may be another.
    if (!key.includes('/side/') && !key.endsWith('/state')) damages.push(flipped);
    for (const damage of damages) {
      await requireRefused(world, withObjects(world, new Map([[key, damage]])), `${key}: ${damage?.length}`);
    }
  }
});

test('the last bundle and tile are checked also where they are full', async () => {
  const world = await createClosedLog([256]);
  for (const key of ['texts/tile/entries/000', 'texts/tile/0/000', 'texts/side/000', 'texts/tile/1/000.p/1']) {
    await requireRefused(world, withObjects(world, new Map([[key, undefined]])), key);
  }
});

test('a log restored from an old backup refuses to sign a second tree, and is read as it is', async () => {
  const world = await createClosedLog([3]);
  const old = await world.objects.read('texts/state');
  const oldNote = await world.objects.read('texts/checkpoint');
  assert.ok(old !== undefined && oldNote !== undefined);
  const log = await open(world);
  await submitWaves(log, world);
  await log.close();
  const behind = withObjects(world, new Map([['texts/state', old.bytes]]));
  assert.match(await requireRefused(world, behind, 'old state'), /restored from an old backup/);
  const reading = await open({ ...world, objects: behind });
  assert.equal(Buffer.from((await reading.read(700n)).entry).toString(), 'text 700');
  // A whole backup is consistent in itself: only the index, which was not in it, knows better.
  const both = withObjects(
    world,
    new Map([
      ['texts/state', old.bytes],
      ['texts/checkpoint', oldNote.bytes],
    ]),
  );
  await requireRefused(world, both, 'old state and checkpoint');
});

test('a published checkpoint of another tree, or one that cannot be read, stops the log', async () => {
  const world = await createClosedLog([3, 5]);
  for (const size of [3, 8]) {
    const other = await textLogKind.signHead({ size: BigInt(size), root: new Uint8Array(32), time: now() });
    const objects = withObjects(world, new Map([['texts/checkpoint', Buffer.from(other)]]));
    await requireRefused(world, objects, `another tree of ${size}`);
  }
  const unreadable = withObjects(world, new Map([['texts/checkpoint', new Uint8Array(10)]]));
  assert.match(await requireRefused(world, unreadable, 'unreadable'), /cannot be read/);
});

test('an index of another log is not believed', async () => {
  const world = await createClosedLog([8]);
  const identity = textSubmission('of another log').identity;
  const ahead = createMemoryIndex();
  await ahead.append(
    'texts',
    0n,
    Array.from({ length: 9 }, () => ({ identity, keys: [] })),
  );
  assert.match(await requireRefused({ ...world, index: ahead }, world.objects, 'ahead'), /index has 9 entries/);
  const other = createMemoryIndex();
  await other.append(
    'texts',
    0n,
    Array.from({ length: 8 }, () => ({ identity, keys: [] })),
  );
  assert.match(await requireRefused({ ...world, index: other }, world.objects, 'other'), /not of this log/);
});

test('a log whose state is lost is not begun anew', async () => {
  const world = await createClosedLog([8]);
  for (const lost of [['texts/state'], ['texts/state', 'texts/checkpoint']]) {
    const objects = withObjects(world, new Map(lost.map((key) => [key, undefined])));
    await assert.rejects(open({ ...world, objects }), hasCode('LOG_DAMAGED'));
  }
});

test('where the last batch cannot be finished, the published log is still read', async () => {
  const world = createWorld();
  const died = Promise.withResolvers<void>();
  let seen = 0;
  const log = await open(world, {
    onStep: (at) => {
      if (at !== 'after-commit' || (seen += 1) < 3) return undefined;
      died.resolve();
      return new Promise(() => undefined);
    },
  });
  await Promise.race([died.promise, submitWaves(log, world)]);
  const [staging = ''] = await world.objects.list('texts/staging/');
  const objects = withObjects(world, new Map([[staging, undefined]]));
  assert.match(await requireRefused(world, objects, 'staging lost'), /not whole/);
  const reading = await open({ ...world, objects });
  assert.equal(reading.head().size, 253n);
  assert.equal(Buffer.from((await reading.read(252n)).entry).toString(), 'text 252');
});

test('verifying notices each object of a log that was changed', async () => {
  const world = await createClosedLog([300]);
  const { root } = await verifyTileLog({ kind: textLogKind, objects: world.objects });
  assert.equal(Buffer.from(root).toString('hex'), (await readPlainLog(world.objects)).root);
  for (const key of await world.objects.list('texts/')) {
    const bytes = (await world.objects.read(key))?.bytes ?? new Uint8Array();
    const flipped = Uint8Array.from(bytes);
    flipped[20] = (flipped[20] ?? 0) ^ 1;
    const damages = [undefined, bytes.slice(0, -2)];
    if (!key.includes('/side/')) damages.push(flipped);
    for (const damage of damages) {
      const objects = withObjects(world, new Map([[key, damage]]));
      await assert.rejects(verifyTileLog({ kind: textLogKind, objects }), hasCode('LOG_DAMAGED'), key);
    }
  }
});
