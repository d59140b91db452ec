import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { createWorld, openIn, submitWaves } from '../../../test/support/log-world.ts';
import type { World } from '../../../test/support/log-world.ts';
import { createMemoryIndex } from '../../../test/support/memory-index.ts';
import { readPlainLog, textLogKind, textSubmission } from '../../../test/support/text-log.ts';
import { isErrorWithCode } from '../../base/errors.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { verifyTileLog } from './verify-tile-log.ts';

/** A log of some hundred entries, closed; its objects can be changed at will. */
async function createClosedLog(waves: readonly number[]): Promise<World> {
  const world = createWorld();
  const log = await openIn(world);
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
    const log = await openIn({ ...world, objects });
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
    const damages = [bytes.slice(0, bytes.length / 2), bytes.slice(0, -2), new Uint8Array(), undefined, flipped];
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
  const log = await openIn(world);
  await submitWaves(log, world);
  await log.close();
  const behind = withObjects(world, new Map([['texts/state', old.bytes]]));
  assert.match(await requireRefused(world, behind, 'old state'), /restored from an old backup/);
  const reading = await openIn({ ...world, objects: behind });
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
    const other = await textLogKind.signHead({ size: BigInt(size), root: new Uint8Array(32), time: new Date(0) });
    const objects = withObjects(world, new Map([['texts/checkpoint', Buffer.from(other)]]));
    await requireRefused(world, objects, `another tree of ${size}`);
  }
  const unreadable = withObjects(world, new Map([['texts/checkpoint', new Uint8Array(10)]]));
  assert.match(await requireRefused(world, unreadable, 'unreadable'), /cannot be read/);
});

test('a published checkpoint whose signature was damaged on the disk is published anew', async () => {
  const world = await createClosedLog([3]);
  const good = await world.objects.read('texts/checkpoint');
  assert.ok(good !== undefined);
  const note = Buffer.from(good.bytes).toString();
  await world.objects.replace('texts/checkpoint', Buffer.from(note.replace(/.{6}\n$/, 'AAAA==\n')), good.version);
  assert.equal((await openIn(world)).trouble(), undefined);
  assert.equal(Buffer.from((await world.objects.read('texts/checkpoint'))?.bytes ?? '').toString(), note);
});

test('an entry that was damaged on the disk is never read as another', async () => {
  const world = await createClosedLog([300]);
  for (const key of ['texts/tile/entries/000', 'texts/side/000']) {
    const bytes = Uint8Array.from((await world.objects.read(key))?.bytes ?? []);
    bytes[5] = (bytes[5] ?? 0) ^ 1;
    const log = await openIn({
      ...world,
      objects: {
        ...world.objects,
        read: async (asked) => (asked === key ? { bytes, version: '' } : world.objects.read(asked)),
      },
    });
    await assert.rejects(log.read(0n), hasCode('LOG_DAMAGED'), key);
  }
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
    await assert.rejects(openIn({ ...world, objects }), hasCode('LOG_DAMAGED'));
  }
});

test('where the last batch cannot be finished, the published log is still read', async () => {
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
  const [staging = ''] = await world.objects.list('texts/staging/');
  const objects = withObjects(world, new Map([[staging, undefined]]));
  assert.match(await requireRefused(world, objects, 'staging lost'), /not whole/);
  const reading = await openIn({ ...world, objects });
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
    for (const damage of [undefined, bytes.slice(0, -2), flipped]) {
      const objects = withObjects(world, new Map([[key, damage]]));
      await assert.rejects(verifyTileLog({ kind: textLogKind, objects }), hasCode('LOG_DAMAGED'), key);
    }
  }
});
