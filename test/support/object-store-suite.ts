/** What every object store must do, whatever it is made of. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { utf8Of } from '../../src/base/bytes.ts';
import type { ObjectStore } from '../../src/storage/object-store.ts';
import { hasCode } from './error-code.ts';

/** Declares the tests; `open` gives an empty store. */
export function testObjectStore(name: string, open: () => Promise<ObjectStore>): void {
  const behaves = (behaviour: string, run: (store: ObjectStore) => Promise<void>): void => {
    test(`${name}: ${behaviour}`, async () => run(await open()));
  };
  const one = utf8Of('one');
  const two = utf8Of('two');

  behaves('an object that was never written is not there', async (store) => {
    assert.equal(await store.read('a/b'), undefined);
    assert.deepEqual(await store.list('a/'), []);
  });

  behaves('created objects are read as they were written, empty ones included', async (store) => {
    await store.create([
      { key: 'a/1', bytes: one },
      { key: 'a/b/2', bytes: two },
      { key: 'empty', bytes: new Uint8Array() },
    ]);
    assert.deepEqual(Array.from((await store.read('a/1'))?.bytes ?? []), Array.from(one));
    assert.deepEqual(Array.from((await store.read('a/b/2'))?.bytes ?? []), Array.from(two));
    assert.equal((await store.read('empty'))?.bytes.length, 0);
    await store.create([]);
  });

  behaves('creating an object again is fine with the same bytes and refused with others', async (store) => {
    await store.create([{ key: 'a', bytes: one }]);
    await store.create([{ key: 'a', bytes: one }]);
    await assert.rejects(store.create([{ key: 'a', bytes: two }]), hasCode('STORE_CONFLICT'));
    await assert.rejects(
      store.create([
        { key: 'b', bytes: one },
        { key: 'b', bytes: two },
      ]),
      hasCode('STORE_CONFLICT'),
    );
    assert.equal(textOf(await store.read('a')), 'one');
  });

  behaves('a replacement needs the version that is there', async (store) => {
    await assert.rejects(store.replace('head', one, 'no such version'), hasCode('STORE_CONFLICT'));
    const first = await store.replace('head', one, undefined);
    assert.equal((await store.read('head'))?.version, first);
    await assert.rejects(store.replace('head', two, undefined), hasCode('STORE_CONFLICT'));
    const second = await store.replace('head', two, first);
    await assert.rejects(store.replace('head', one, first), hasCode('STORE_CONFLICT'));
    assert.deepEqual([textOf(await store.read('head')), (await store.read('head'))?.version], ['two', second]);
    // Versions are opaque, so the one of a created object is as good.
    await store.create([{ key: 'made', bytes: one }]);
    await store.replace('made', two, (await store.read('made'))?.version);
    assert.equal(textOf(await store.read('made')), 'two');
  });

  behaves('of many replacements of one version at once exactly one wins', async (store) => {
    for (const expected of [undefined, await store.replace('b', one, undefined)]) {
      const key = expected === undefined ? 'a' : 'b';
      const tries = Array.from({ length: 20 }, (_, index) => store.replace(key, utf8Of(`try ${index}`), expected));
      const results = await Promise.allSettled(tries);
      const winners = results.flatMap((result, index) => (result.status === 'fulfilled' ? [index] : []));
      assert.equal(winners.length, 1);
      assert.equal(textOf(await store.read(key)), `try ${winners[0]}`);
      for (const result of results) {
        if (result.status === 'rejected') assert.ok(hasCode('STORE_CONFLICT')(result.reason), String(result.reason));
      }
    }
  });

  behaves('of many creations of one object with different bytes at once exactly one wins', async (store) => {
    const tries = Array.from({ length: 20 }, (_, index) => store.create([{ key: 'x/y', bytes: utf8Of(`${index}`) }]));
    const results = await Promise.allSettled(tries);
    const winners = results.flatMap((result, index) => (result.status === 'fulfilled' ? [index] : []));
    assert.equal(winners.length, 1);
    assert.equal(textOf(await store.read('x/y')), `${winners[0]}`);
  });

  behaves('a listing holds the whole keys below a folder, sorted as texts', async (store) => {
    const keys = ['a/x', 'a/b/2', 'a/b/10', 'a/b-c', 'a/b.p/1', 'ab/1', 'a.b', 'A/x', 'b'];
    await store.create(keys.map((key) => ({ key, bytes: one })));
    assert.deepEqual(await store.list('a/'), ['a/b-c', 'a/b.p/1', 'a/b/10', 'a/b/2', 'a/x']);
    assert.deepEqual(await store.list('a/b/'), ['a/b/10', 'a/b/2']);
    assert.deepEqual(await store.list('b/'), []);
    assert.deepEqual(await store.list(''), keys.toSorted());
  });

  behaves('what was removed is gone, and may be created anew', async (store) => {
    await store.create([
      { key: 'a/1', bytes: one },
      { key: 'a/2', bytes: one },
    ]);
    await store.remove(['a/1', 'a/none', 'none/none']);
    assert.equal(await store.read('a/1'), undefined);
    assert.deepEqual(await store.list('a/'), ['a/2']);
    await store.create([{ key: 'a/1', bytes: two }]);
    assert.equal(textOf(await store.read('a/1')), 'two');
    const { version } = (await store.read('a/2')) ?? {};
    await store.remove(['a/2']);
    await assert.rejects(store.replace('a/2', two, version), hasCode('STORE_CONFLICT'));
  });

  behaves('keys that are not plain paths are refused by every call', async (store) => {
    const bad = [
      '',
      '/',
      'a/',
      '/a',
      'a//b',
      '.',
      '..',
      '../a',
      'a/../b',
      'a/./b',
      'a\0b',
      'a b',
      'ä',
      'a\\b',
      '~a',
      'a'.repeat(256),
      'a/'.repeat(600) + 'a',
    ];
    for (const key of bad) {
      const refused = hasCode('STORE_KEY_INVALID');
      await assert.rejects(async () => store.read(key), refused, JSON.stringify(key));
      await assert.rejects(
        async () =>
          store.create([
            { key: 'good', bytes: one },
            { key, bytes: one },
          ]),
        refused,
      );
      await assert.rejects(async () => store.replace(key, one, undefined), refused);
      await assert.rejects(async () => store.remove([key]), refused);
      if (key !== '' && !key.endsWith('/')) await assert.rejects(async () => store.list(key), refused);
    }
    for (const prefix of ['/', '../', 'a/../', 'a//']) {
      await assert.rejects(async () => store.list(prefix), hasCode('STORE_KEY_INVALID'));
    }
    assert.deepEqual(await store.list(''), []);
  });

  behaves('keys differ by case, and may be long', async (store) => {
    const long = `${'l'.repeat(255)}/${'m'.repeat(255)}`;
    await store.create([
      { key: 'Key', bytes: one },
      { key: 'key', bytes: two },
      { key: long, bytes: two },
    ]);
    assert.deepEqual([textOf(await store.read('Key')), textOf(await store.read(long))], ['one', 'two']);
  });

  test(`${name}: any sequence of calls leaves what a map would hold`, async () => {
    const key = fc.constantFrom('a/1', 'a/2', 'b');
    const value = fc.constantFrom('x', 'y');
    const step = fc.oneof(
      fc.record({ kind: fc.constant('create' as const), key, value }),
      fc.record({ kind: fc.constant('replace' as const), key, value, isFresh: fc.boolean() }),
      fc.record({ kind: fc.constant('remove' as const), key }),
    );
    const steps = fc.array(step, { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(steps, async (run) => {
        const store = await open();
        const model = new Map<string, string>();
        for (const each of run) {
          const there = model.get(each.key);
          if (each.kind === 'remove') {
            await store.remove([each.key]);
            model.delete(each.key);
            continue;
          }
          const bytes = utf8Of(each.value);
          const expected = each.kind === 'replace' && each.isFresh ? (await store.read(each.key))?.version : undefined;
          const isTaken = there !== undefined;
          const isRefused = each.kind === 'create' ? isTaken && there !== each.value : isTaken && !each.isFresh;
          const write =
            each.kind === 'create'
              ? store.create([{ key: each.key, bytes }])
              : store.replace(each.key, bytes, expected);
          if (isRefused) await assert.rejects(write, hasCode('STORE_CONFLICT'));
          else await write.then(() => model.set(each.key, each.value));
        }
        assert.deepEqual(await store.list(''), Array.from(model.keys()).toSorted());
        for (const [each, text] of model) assert.equal(textOf(await store.read(each)), text);
      }),
      { numRuns: 30 },
    );
  });
}

function textOf(stored: { readonly bytes: Uint8Array } | undefined): string | undefined {
  return stored && Buffer.from(stored.bytes).toString();
}
