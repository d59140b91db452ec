/** What every index database must do, whatever it is made of. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import fc from 'fast-check';

import type { IndexDatabase, IndexedEntry } from '../../src/storage/index-database.ts';
import { hasCode } from './error-code.ts';

/** Declares the tests; `open` gives an empty database. */
export function testIndexDatabase(name: string, open: () => Promise<IndexDatabase>): void {
  const behaves = (behaviour: string, run: (index: IndexDatabase) => Promise<void>): void => {
    test(`${name}: ${behaviour}`, async () => {
      const index = await open();
      try {
        await run(index);
      } finally {
        await index.close();
      }
    });
  };

  behaves('a log of which nothing is known is empty', async (index) => {
    assert.equal(await index.sizeOf('rekor'), 0n);
    assert.equal(await index.find('rekor', identityOf('a')), undefined);
    assert.deepEqual(await index.search('rekor', { keys: ['a'], operator: 'or', limit: 10 }), []);
    await index.append('rekor', 0n, []);
    assert.equal(await index.sizeOf('rekor'), 0n);
  });

  behaves('entries are found by identity, each log for itself', async (index) => {
    await index.append('rekor', 0n, [entryOf('a'), entryOf('b')]);
    await index.append('rekor', 2n, [entryOf('c')]);
    await index.append('ctlog', 0n, [entryOf('b')]);
    assert.deepEqual([await index.sizeOf('rekor'), await index.sizeOf('ctlog')], [3n, 1n]);
    assert.equal(await index.find('rekor', identityOf('b')), 1n);
    assert.equal(await index.find('rekor', identityOf('c')), 2n);
    assert.equal(await index.find('ctlog', identityOf('b')), 0n);
    assert.equal(await index.find('ctlog', identityOf('a')), undefined);
  });

  behaves('an identity that comes again keeps its first place', async (index) => {
    await index.append('rekor', 0n, [entryOf('a', 'k'), entryOf('a', 'k'), entryOf('b')]);
    assert.equal(await index.find('rekor', identityOf('a')), 0n);
    assert.equal(await index.sizeOf('rekor'), 3n);
    assert.deepEqual(await index.search('rekor', { keys: ['k'], operator: 'or', limit: 10 }), [0n, 1n]);
  });

  behaves('entries that are here are passed over, and a gap is refused', async (index) => {
    await index.append('rekor', 0n, [entryOf('a'), entryOf('b')]);
    await index.append('rekor', 0n, [entryOf('a'), entryOf('b')]);
    await index.append('rekor', 1n, [entryOf('b'), entryOf('c')]);
    assert.equal(await index.sizeOf('rekor'), 3n);
    assert.equal(await index.find('rekor', identityOf('c')), 2n);
    await assert.rejects(index.append('rekor', 4n, [entryOf('d')]), hasCode('INDEX_GAP'));
    assert.equal(await index.find('rekor', identityOf('d')), undefined);
    assert.equal(await index.sizeOf('rekor'), 3n);
  });

  behaves('appends in flight at once are done in their order', async (index) => {
    const batches = Array.from({ length: 10 }, (_, batch) =>
      Array.from({ length: 20 }, (_entry, entry) => entryOf(`${batch * 20 + entry}`, 'all')),
    );
    await Promise.all(batches.map((batch, at) => index.append('rekor', BigInt(at * 20), batch)));
    assert.equal(await index.sizeOf('rekor'), 200n);
    assert.equal(await index.find('rekor', identityOf('137')), 137n);
  });

  behaves('a search for any key gives the newest entries, ascending', async (index) => {
    await index.append('rekor', 0n, [
      entryOf('0', 'a'),
      entryOf('1', 'b'),
      entryOf('2', 'a', 'b'),
      entryOf('3', 'c'),
      entryOf('4', 'b'),
    ]);
    const found = (keys: readonly string[], limit: number): Promise<readonly bigint[]> =>
      index.search('rekor', { keys, operator: 'or', limit });
    assert.deepEqual(await found(['a', 'b'], 10), [0n, 1n, 2n, 4n]);
    assert.deepEqual(await found(['a', 'b'], 2), [2n, 4n]);
    assert.deepEqual(await found(['a', 'a'], 10), [0n, 2n]);
    assert.deepEqual(await found(['none', 'c'], 10), [3n]);
    assert.deepEqual(await found(['A'], 10), []);
    assert.deepEqual(await found([], 10), []);
    assert.deepEqual(await index.search('ctlog', { keys: ['a'], operator: 'or', limit: 10 }), []);
  });

  behaves('a search for all keys gives the newest entries that have them all', async (index) => {
    await index.append('rekor', 0n, [
      entryOf('0', 'a', 'b'),
      entryOf('1', 'a'),
      entryOf('2', 'b'),
      entryOf('3', 'b', 'c', 'a'),
      entryOf('4', 'c', 'b'),
    ]);
    const found = (keys: readonly string[], limit: number): Promise<readonly bigint[]> =>
      index.search('rekor', { keys, operator: 'and', limit });
    assert.deepEqual(await found(['a', 'b'], 10), [0n, 3n]);
    assert.deepEqual(await found(['a', 'b'], 1), [3n]);
    assert.deepEqual(await found(['c', 'b', 'b'], 10), [3n, 4n]);
    assert.deepEqual(await found(['a', 'b', 'c'], 10), [3n]);
    assert.deepEqual(await found(['a', 'none'], 10), []);
    assert.deepEqual(await found([], 10), []);
  });

  behaves('keys may be long and of any script', async (index) => {
    const keys = ['x'.repeat(2048), 'jürgen@münchen.example', "'; DROP TABLE log; --", '\0'];
    await index.append('rekor', 0n, [entryOf('a', ...keys)]);
    for (const key of keys) {
      assert.deepEqual(await index.search('rekor', { keys: [key], operator: 'or', limit: 1 }), [0n]);
    }
  });

  behaves('thousands of entries at once are all there', async (index) => {
    const entries = Array.from({ length: 3_000 }, (_, at) => entryOf(`${at}`, 'all', `only ${at}`));
    await index.append('rekor', 0n, entries);
    assert.equal(await index.sizeOf('rekor'), 3_000n);
    assert.equal(await index.find('rekor', identityOf('2999')), 2_999n);
    assert.deepEqual(await index.search('rekor', { keys: ['all'], operator: 'or', limit: 2 }), [2_998n, 2_999n]);
    assert.deepEqual(await index.search('rekor', { keys: ['all', 'only 7'], operator: 'and', limit: 2 }), [7n]);
  });

  test(`${name}: any search finds what looking at each entry finds`, async () => {
    const keys = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 });
    const log = fc.array(keys, { maxLength: 40 });
    const limit = fc.integer({ min: 1, max: 10 });
    await fc.assert(
      fc.asyncProperty(
        log,
        keys,
        fc.constantFrom('or' as const, 'and' as const),
        limit,
        async (entries, wanted, operator, most) => {
          const index = await open();
          try {
            await index.append(
              'rekor',
              0n,
              entries.map((own, at) => entryOf(`${at}`, ...own)),
            );
            const places = entries.flatMap((own, at) => {
              const has = (key: string): boolean => own.some((each) => each === key);
              return wanted.length > 0 && (operator === 'or' ? wanted.some(has) : wanted.every(has))
                ? [BigInt(at)]
                : [];
            });
            const found = await index.search('rekor', { keys: wanted, operator, limit: most });
            assert.deepEqual(found, places.slice(Math.max(0, places.length - most)));
          } finally {
            await index.close();
          }
        },
      ),
      { numRuns: 25 },
    );
  });
}

export function identityOf(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}

function entryOf(text: string, ...keys: readonly string[]): IndexedEntry {
  return { identity: identityOf(text), keys };
}
