import assert from 'node:assert/strict';
import { mkdir, open, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import type { TestContext } from 'node:test';

import { hasCode } from '../../test/support/error-code.ts';
import { createMemoryStore } from '../../test/support/memory-store.ts';
import { testObjectStore } from '../../test/support/object-store-suite.ts';
import { createScratchFolder } from '../../test/support/scratch.ts';
import { utf8Of } from '../base/bytes.ts';
import { openDirectoryStore } from './directory-store.ts';

const one = utf8Of('one');

testObjectStore('directory', () => openDirectoryStore(join(createScratchFolder('store'), 'objects')));
testObjectStore('memory', async () => createMemoryStore());

/** The next flush fails after it was tried, or the next write of bytes before it. */
async function failOnce(t: TestContext, method: 'sync' | 'writeFile', code: string): Promise<void> {
  const handle = await open(createScratchFolder('handle'), 'r');
  const prototype = Object.getPrototypeOf(handle) as typeof handle;
  await handle.close();
  const real = prototype[method] as () => Promise<void>;
  let calls = 0;
  const fake = mock.method(prototype, method, async function fails(this: typeof handle, ...given: []): Promise<void> {
    calls += 1;
    const isFirst = calls === 1;
    if (method === 'sync' || !isFirst) await real.apply(this, given);
    if (isFirst) throw Object.assign(new Error(`${code}: made to fail`), { code });
  });
  t.after(() => fake.mock.restore());
}

test('after a flush that failed nothing is read or written, and nothing is flushed again', async (t) => {
  for (const code of ['EIO', 'ENOSPC']) {
    const store = await openDirectoryStore(createScratchFolder('store'));
    await store.create([{ key: 'before', bytes: one }]);
    await failOnce(t, 'sync', code);
    await assert.rejects(store.create([{ key: 'a', bytes: one }]), hasCode('STORE_FAILED'));
    mock.restoreAll();
    await assert.rejects(store.create([{ key: 'b', bytes: one }]), hasCode('STORE_FAILED'));
    await assert.rejects(store.replace('c', one, undefined), hasCode('STORE_FAILED'));
    await assert.rejects(store.read('before'), hasCode('STORE_FAILED'));
    await assert.rejects(store.list(''), hasCode('STORE_FAILED'));
    await assert.rejects(store.remove(['before']), hasCode('STORE_FAILED'));
  }
});

test('a write under way when another flush fails is not acknowledged', async (t) => {
  const store = await openDirectoryStore(createScratchFolder('store'));
  await failOnce(t, 'sync', 'EIO');
  const writes = await Promise.allSettled(['a', 'b', 'c'].map((key) => store.create([{ key, bytes: one }])));
  assert.ok(writes.every((write) => write.status === 'rejected' && hasCode('STORE_FAILED')(write.reason)));
});

test('a full disk refuses a write, leaves nothing of it, and the store goes on', async (t) => {
  for (const code of ['ENOSPC', 'EDQUOT']) {
    const folder = createScratchFolder('store');
    const store = await openDirectoryStore(folder);
    const version = await store.replace('head', one, undefined);
    await failOnce(t, 'writeFile', code);
    const objects = ['a', 'b', 'c'].map((key) => ({ key, bytes: one }));
    await assert.rejects(store.create(objects), hasCode('STORE_FULL'));
    mock.restoreAll();
    await failOnce(t, 'writeFile', code);
    await assert.rejects(store.replace('head', utf8Of('two'), version), hasCode('STORE_FULL'));
    mock.restoreAll();
    assert.deepEqual(await store.list(''), ['head']);
    assert.deepEqual(await readdir(join(folder, '~scratch')), []);
    await store.replace('head', utf8Of('two'), version);
    await store.create(objects);
    assert.deepEqual(await store.list(''), ['a', 'b', 'c', 'head']);
  }
});

test('what a killed process left half-made is removed, and what it wrote is there', async () => {
  const folder = createScratchFolder('store');
  const store = await openDirectoryStore(folder);
  const version = await store.replace('logs/head', one, undefined);
  await writeFile(join(folder, '~scratch', '7'), 'half of an obj');
  const again = await openDirectoryStore(folder);
  assert.deepEqual(await readdir(join(folder, '~scratch')), []);
  assert.equal((await again.read('logs/head'))?.version, version);
  assert.deepEqual(await again.list(''), ['logs/head']);
});

test('the names that an earlier process left are flushed before anything is told of them', async (t) => {
  const folder = createScratchFolder('store');
  await mkdir(join(folder, 'logs', 'rekor'), { recursive: true });
  await writeFile(join(folder, 'logs', 'rekor', 'head'), 'one');
  const store = await openDirectoryStore(folder);
  await failOnce(t, 'sync', 'EIO');
  await assert.rejects(store.read('logs/rekor/head'), hasCode('STORE_FAILED'));
});

test('an object cannot be where others have their folder', async () => {
  const store = await openDirectoryStore(createScratchFolder('store'));
  await store.create([{ key: 'a/b', bytes: one }]);
  await assert.rejects(store.create([{ key: 'a', bytes: one }]), hasCode('STORE_CONFLICT'));
  await assert.rejects(store.replace('a', one, undefined), hasCode('STORE_CONFLICT'));
  await assert.rejects(store.create([{ key: 'a/b/c', bytes: one }]), hasCode('STORE_CONFLICT'));
  await assert.rejects(store.replace('a/b/c', one, undefined), hasCode('STORE_CONFLICT'));
  assert.equal(await store.read('a'), undefined);
  assert.equal(await store.read('a/b/c'), undefined);
  await store.remove(['a', 'a/b/c']);
  assert.deepEqual(await store.list(''), ['a/b']);
});
