import assert from 'node:assert/strict';
import { test } from 'node:test';

import { sequencerSteps } from '../../../test/support/crash-point.ts';
import { hasCode } from '../../../test/support/error-code.ts';
import { createFaultyStore } from '../../../test/support/faulty-store.ts';
import type { Fault } from '../../../test/support/faulty-store.ts';
import { createWorld, openIn, requireSound, submitWaves } from '../../../test/support/log-world.ts';
import { textSubmission } from '../../../test/support/text-log.ts';
import { isErrorWithCode } from '../../base/errors.ts';
import type { ObjectStore } from '../../storage/object-store.ts';

test('whatever step a process dies at, everything it told is so when the log is opened again', async () => {
  for (const step of sequencerSteps) {
    for (const batch of [1, 2, 3, 4, 5]) {
      const world = createWorld();
      let seen = 0;
      const died = Promise.withResolvers<void>();
      const log = await openIn(world, {
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
    const log = await openIn(world, {
      onStep: (at) => {
        if (at !== 'after-commit' || (seen += 1) < 3) return undefined;
        died.resolve();
        return new Promise(() => undefined);
      },
    });
    await Promise.race([died.promise, submitWaves(log, world)]);
    const dying = createFaultyStore(world.objects, { write: deadAfter, effect: 'half-applied', isFinal: true });
    await openIn({ ...world, objects: dying }).catch(() => undefined);
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
          const log = await openIn({ ...world, objects }, { onFatal: (error) => errors.push(error) });
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
    const log = await openIn({ ...world, objects }, { onFatal: (error) => assert.fail(String(error)) });
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
  const log = await openIn({ ...world, index }, { onFatal: (error) => errors.push(error) });
  await submitWaves(log, world, [3, 4]);
  assert.deepEqual([world.acknowledged.size, errors.length], [0, 1]);
  await assert.rejects(log.add(textSubmission('more')), hasCode('LOG_READ_ONLY'));
  await requireSound(world);
});

test('of two writers the one that comes second stops, and nothing forks', async () => {
  const world = createWorld();
  const [first, second] = [await openIn(world), await openIn(world)];
  await submitWaves(first, world, [5]);
  await assert.rejects(second.add(textSubmission('other')), hasCode('STORE_CONFLICT'));
  assert.match(second.trouble() ?? '', /written by somebody else/);
  await assert.rejects(second.add(textSubmission('another')), hasCode('LOG_READ_ONLY'));
  await submitWaves(first, world);
  await requireSound(world);
});
