import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';

import { hasCode } from '../../test/support/error-code.ts';
import { identityOf, testIndexDatabase } from '../../test/support/index-database-suite.ts';
import { createMemoryIndex } from '../../test/support/memory-index.ts';
import { createScratchFolder } from '../../test/support/scratch.ts';
import type { IndexDatabase } from './index-database.ts';
import { openSqliteIndex } from './sqlite-index.ts';

testIndexDatabase('SQLite', () => openAt(newPath()));
testIndexDatabase('memory', async () => createMemoryIndex());

const newPath = (): string => join(createScratchFolder('index'), 'index.sqlite');

async function openAt(path: string, moved: string[] = []): Promise<IndexDatabase> {
  return openSqliteIndex(path, {
    now: () => new Date('2026-05-04T03:02:01Z'),
    onMovedAside: (to) => moved.push(to),
  });
}

async function filled(path: string): Promise<void> {
  const index = await openAt(path);
  await index.append('rekor', 0n, entries(0, 200));
  await index.close();
}

const entries = (from: number, to: number): { identity: Uint8Array; keys: string[] }[] =>
  Array.from({ length: to - from }, (_, at) => ({
    identity: identityOf(`${from + at}`),
    keys: ['all', `only ${from + at}`],
  }));

test('what was appended is there after closing, and after an end without closing', async () => {
  const path = newPath();
  await filled(path);
  const index = await openAt(path);
  assert.equal(await index.find('rekor', identityOf('199')), 199n);
  await index.append('rekor', 200n, entries(200, 201));
  // A second connection sees what a new process would: all that is in the file and its log.
  const other = await openAt(path);
  assert.equal(await other.sizeOf('rekor'), 201n);
  assert.deepEqual(await other.search('rekor', { keys: ['only 200'], operator: 'or', limit: 1 }), [200n]);
  await Promise.all([index.close(), other.close()]);
});

test('a damaged file is moved aside, and the index begins empty', async () => {
  const damages: readonly ((path: string) => void)[] = [
    (path) => writeFileSync(path, 'this is no database, and long enough to be looked at'.repeat(20)),
    (path) => writeFileSync(path, readFileSync(path).fill(0xff, 100, 4096)),
    (path) => new DatabaseSync(path).exec('PRAGMA application_id = 7'),
    (path) => new DatabaseSync(path).exec('PRAGMA user_version = 0'),
  ];
  for (const damage of damages) {
    const path = newPath();
    await filled(path);
    damage(path);
    const moved: string[] = [];
    const index = await openAt(path, moved);
    assert.deepEqual(moved, [`${path}.damaged-20260504T030201Z`], String(damage));
    assert.ok(statSync(moved[0] as string).size > 0);
    assert.equal(await index.sizeOf('rekor'), 0n);
    await index.append('rekor', 0n, entries(0, 2));
    await index.close();
    const again = await openAt(path, moved);
    assert.equal(await again.sizeOf('rekor'), 2n);
    assert.equal(moved.length, 1);
    await again.close();
  }
});

test('damage that shows only later ends the call, and the next start makes the index anew', async () => {
  const path = newPath();
  const first = await openAt(path);
  await first.append('rekor', 0n, entries(0, 5_000));
  await first.close();
  // All pages but the first, which says what tables there are.
  writeFileSync(path, readFileSync(path).fill(0xff, 4096));
  const index = await openAt(path);
  await assert.rejects(index.find('rekor', identityOf('7')), hasCode('INDEX_FAILED'));
  await assert.rejects(index.append('rekor', 5_000n, entries(5_000, 5_001)), hasCode('INDEX_FAILED'));
  await assert.rejects(index.search('rekor', { keys: ['all'], operator: 'or', limit: 1 }), hasCode('INDEX_FAILED'));
  await index.close();
  const moved: string[] = [];
  const again = await openAt(path, moved);
  assert.equal(moved.length, 1);
  assert.equal(await again.sizeOf('rekor'), 0n);
  await again.close();
  assert.deepEqual(
    readdirSync(join(path, '..')).filter((name) => name.endsWith('is-damaged')),
    [],
  );
});

test('a file of a newer version is refused and left as it is', async () => {
  const path = newPath();
  await filled(path);
  const newer = new DatabaseSync(path);
  newer.exec('PRAGMA user_version = 99');
  newer.close();
  const before = readFileSync(path);
  await assert.rejects(openAt(path), hasCode('INDEX_VERSION_NEWER'));
  assert.deepEqual(readFileSync(path), before);
});

test('a file that cannot be opened is no reason to make another', async () => {
  await assert.rejects(openAt(join(newPath(), 'in', 'no', 'folder')), hasCode('INDEX_FAILED'));
});

test('a failed transaction leaves nothing behind', async () => {
  const index = await openAt(newPath());
  await index.append('rekor', 0n, entries(0, 3));
  const bad = [...entries(3, 5), { identity: undefined as unknown as Uint8Array, keys: [] }];
  await assert.rejects(index.append('rekor', 3n, bad), hasCode('INDEX_FAILED'));
  assert.equal(await index.sizeOf('rekor'), 3n);
  assert.equal(await index.find('rekor', identityOf('3')), undefined);
  await index.append('rekor', 3n, entries(3, 5));
  assert.equal(await index.sizeOf('rekor'), 5n);
  await index.close();
});

test('the log of writes does not grow with what is written', async () => {
  const path = newPath();
  const index = await openAt(path);
  let largest = 0;
  for (let from = 0; from < 20_000; from += 100) {
    await index.append('rekor', BigInt(from), entries(from, from + 100));
    largest = Math.max(largest, statSync(`${path}-wal`).size);
  }
  assert.ok(largest < 60 * 1024 * 1024, `${largest} bytes`);
  await index.close();
  assert.ok(!readdirSync(join(path, '..')).includes('index.sqlite-wal'));
});

test('searches in flight at once each get their own answer, and a search does not hold up a find', async () => {
  const index = await openAt(newPath());
  await index.append('rekor', 0n, entries(0, 1_000));
  const searches = Array.from({ length: 50 }, (_, at) =>
    index.search('rekor', { keys: [`only ${at}`], operator: 'or', limit: 1 }),
  );
  assert.equal(await index.find('rekor', identityOf('3')), 3n);
  assert.deepEqual(
    await Promise.all(searches),
    searches.map((_, at) => [BigInt(at)]),
  );
  await index.close();
});
