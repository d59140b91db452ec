import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { createFaultyStore } from '../../../test/support/faulty-store.ts';
import type { Fault } from '../../../test/support/faulty-store.ts';
import { createMemoryStore } from '../../../test/support/memory-store.ts';
import { createSigner, createTufKeys, openOwnTuf, targetsOf } from '../../../test/support/own-tuf.ts';
import { parseUtf8, utf8Of } from '../../base/bytes.ts';
import { openTrustedMetadata } from '../../clients/tuf/trusted-metadata.ts';
import { openTufRepository } from './tuf-repository.ts';
import type { TufRepository } from './tuf-repository.ts';

const DAY_MS = 86_400_000;
const start = new Date('2026-03-01T12:00:00.700Z');
const inDays = (days: number): Date => new Date(start.getTime() + days * DAY_MS);
const first = targetsOf({ 'trusted_root.json': 'first', 'rekor.pub': 'key' });
const second = targetsOf({ 'trusted_root.json': 'second', 'rekor.pub': 'key' });

async function documentOf(repository: TufRepository, path: string): Promise<Uint8Array> {
  const file = await repository.read(path);
  assert.ok(file !== undefined, `no ${path}`);
  return file.bytes;
}

interface Seen {
  readonly versions: readonly [number, number, number];
  readonly expires: Date;
  readonly trustedRoot: string;
}

/** What a client sees that begins with this root. */
async function seenBy(repository: TufRepository, root: Uint8Array = repository.root()): Promise<Seen> {
  const trusted = openTrustedMetadata(root);
  for (let version = trusted.root().version + 1; ; version += 1) {
    const next = await repository.read(`${version}.root.json`);
    if (next === undefined) break;
    trusted.updateRoot(next.bytes);
  }
  trusted.updateTimestamp(await documentOf(repository, 'timestamp.json'));
  const timestamp = trusted.timestamp();
  assert.ok(timestamp);
  trusted.updateSnapshot(
    await documentOf(repository, `${timestamp.meta['snapshot.json'].version}.snapshot.json`),
    false,
  );
  const version = trusted.snapshot()?.meta['targets.json']?.version ?? 0;
  trusted.updateTargets(await documentOf(repository, `${version}.targets.json`), 'targets', 'root');
  const target = trusted.targets('targets')?.targets['trusted_root.json'];
  const path = `targets/${target?.hashes['sha256']}.trusted_root.json`;
  return {
    versions: [version, timestamp.meta['snapshot.json'].version, timestamp.version],
    expires: timestamp.expires,
    trustedRoot: parseUtf8(await documentOf(repository, path)),
  };
}

test('a repository is made once, expires in whole seconds, and comes back as it was', async () => {
  const { repository, reopen } = await openOwnTuf(first, start);
  const seen = await seenBy(repository);
  assert.deepEqual(seen, { versions: [1, 1, 1], expires: new Date('2026-03-08T12:00:00Z'), trustedRoot: 'first' });
  const again = await reopen();
  assert.deepEqual(again.root(), repository.root());
  assert.deepEqual(await seenBy(again), seen);
  assert.match(parseUtf8(repository.root()), /DEVELOPMENT example/);
});

test('files have a name without version or hash too, and nothing else is there', async () => {
  const { repository } = await openOwnTuf(first, start);
  for (const name of ['root', 'targets', 'snapshot']) {
    assert.deepEqual((await repository.read(`${name}.json`))?.bytes, (await repository.read(`1.${name}.json`))?.bytes);
    assert.equal((await repository.read(`${name}.json`))?.isFixed, false);
    assert.equal((await repository.read(`1.${name}.json`))?.isFixed, true);
  }
  const named = await repository.read('targets/rekor.pub');
  assert.deepEqual([parseUtf8(named?.bytes ?? new Uint8Array()), named?.isTarget], ['key', true]);
  const absent = ['2.root.json', '0.root.json', '01.root.json', '1.timestamp.json', 'targets/toString', 'targets/', ''];
  for (const path of [...absent, 'targets/../1.root.json', `targets/${'0'.repeat(64)}.rekor.pub`, '2.targets.json']) {
    assert.equal(await repository.read(path), undefined, path);
  }
});

test('new targets are published under the next versions, the same ones are not published again', async () => {
  const { repository } = await openOwnTuf(first, start);
  assert.equal(await repository.publish(first), false);
  assert.equal(await repository.publish(second), true);
  const seen = await seenBy(repository);
  assert.deepEqual([seen.versions, seen.trustedRoot], [[2, 2, 2], 'second']);
  const custom = new Map([
    ...second,
    ['rekor.pub', { bytes: new Uint8Array(1), custom: { sigstore: { usage: 'Rekor' } } }],
  ]);
  assert.equal(await repository.publish(custom), true);
  assert.equal(await repository.publish(custom), false);
  assert.match(parseUtf8(await documentOf(repository, 'targets.json')), /"usage": "Rekor"/);
});

test('a timestamp is signed anew each day, a snapshot halfway through its year', async () => {
  const { repository, setNow } = await openOwnTuf(first, start);
  setNow(inDays(0.9));
  assert.equal(await repository.refresh(), false);
  setNow(inDays(1));
  assert.equal(await repository.refresh(), true);
  assert.deepEqual((await seenBy(repository)).versions, [1, 1, 2]);
  assert.equal(await repository.refresh(), false);
  setNow(inDays(200));
  assert.equal(await repository.refresh(), true);
  assert.deepEqual((await seenBy(repository)).versions, [1, 2, 3]);
});

test('targets are signed anew before half their time is over, while their key is at hand', async () => {
  const { repository, setNow, keys, reopen } = await openOwnTuf(first, start);
  setNow(inDays(3 * 365));
  const withoutKey = await reopen({ keys: { ...keys, root: undefined, targets: undefined } });
  assert.equal(await withoutKey.refresh(), true);
  assert.deepEqual((await seenBy(withoutKey)).versions, [1, 2, 2]);
  assert.equal(await repository.refresh(), true);
  assert.deepEqual((await seenBy(repository)).versions, [2, 3, 3]);
});

test('without the key of the targets daily work goes on, and new targets need it once', async () => {
  const { keys, reopen, setNow, repository } = await openOwnTuf(first, start);
  const { snapshot, timestamp } = keys;
  const daily = await reopen({ keys: { snapshot, timestamp } });
  setNow(inDays(2));
  assert.equal(await daily.publish(first), true);
  await assert.rejects(daily.publish(second), hasCode('TUF_KEY_ABSENT'));
  assert.deepEqual((await seenBy(daily)).trustedRoot, 'first');
  await assert.rejects(daily.publish(second, createSigner()), hasCode('TUF_SIGNATURES_INSUFFICIENT'));
  assert.equal(await daily.publish(second, keys.targets), true);
  assert.deepEqual(await seenBy(await reopen()), await seenBy(daily));
  // Another process has gone on: what is stored counts.
  await repository.publish(second);
  assert.deepEqual(await seenBy(repository), await seenBy(daily));
});

test('a clock that was set back shortens nothing', async () => {
  const { repository, setNow } = await openOwnTuf(first, start);
  setNow(inDays(-40));
  assert.equal(await repository.refresh(), false);
  assert.equal(await repository.publish(second), true);
  const seen = await seenBy(repository);
  assert.deepEqual([seen.versions, seen.expires], [[2, 2, 2], new Date('2026-03-08T12:00:00Z')]);
});

test('a next root is signed by the old and the new key, and everything under it by the new ones', async () => {
  const { repository, keys, reopen } = await openOwnTuf(first, start);
  const firstRoot = repository.root();
  const next = createTufKeys();
  await assert.rejects(repository.rotate(createSigner(), next), hasCode('TUF_SIGNATURES_INSUFFICIENT'));
  assert.equal(await repository.read('2.root.json'), undefined);
  await repository.rotate(keys.root, next);
  assert.deepEqual((await seenBy(repository, firstRoot)).versions, [2, 2, 2]);
  await assert.rejects(reopen(), hasCode('TUF_REPOSITORY_DAMAGED'));
  const reopened = await reopen({ keys: next });
  assert.deepEqual(await seenBy(reopened, firstRoot), await seenBy(repository, firstRoot));
  await reopened.rotate(keys.root, next);
  assert.equal(await reopened.read('3.root.json'), undefined, 'nothing is done twice');
});

test('what was lost or changed is refused, and nothing is made anew', async () => {
  const { objects, reopen, keys, repository } = await openOwnTuf(first, start);
  await repository.publish(second);
  const damages: readonly (readonly [string, string | undefined])[] = [
    ['tuf/2.snapshot.json', undefined],
    ['tuf/2.targets.json', '{}'],
    ['tuf/1.root.json', undefined],
    ['tuf/timestamp.json', '{"signed"'],
    ['tuf/timestamp.json', undefined],
  ];
  for (const [key, text] of damages) {
    const whole = await objects.read(key);
    assert.ok(whole);
    await objects.remove([key]);
    if (text !== undefined) await objects.create([{ key, bytes: Buffer.from(text) }]);
    await assert.rejects(reopen(), hasCode('TUF_REPOSITORY_DAMAGED'), key);
    await objects.remove([key]);
    await objects.create([{ key, bytes: whole.bytes }]);
  }
  await assert.rejects(reopen({ keys: { ...keys, timestamp: createSigner() } }), hasCode('TUF_REPOSITORY_DAMAGED'));
  await reopen();
});

test('a first repository needs all keys', async () => {
  const { root: _, ...keys } = createTufKeys();
  const options = { objects: createMemoryStore(), name: 'example', now: () => start, firstTargets: first };
  await assert.rejects(openTufRepository({ ...options, keys }), hasCode('TUF_KEY_ABSENT'));
});

test('expiries are told long before, and a timestamp that nobody renews fails in time', async () => {
  const { repository } = await openOwnTuf(first, start);
  const timestamp = repository.expiries().find(({ what }) => what === 'TUF timestamp');
  assert.deepEqual(timestamp, {
    what: 'TUF timestamp',
    expires: new Date('2026-03-08T12:00:00Z'),
    warnFrom: new Date('2026-03-03T12:00:00Z'),
    failFrom: new Date('2026-03-06T12:00:00Z'),
  });
  assert.deepEqual(
    repository
      .expiries()
      .map(({ what }) => what)
      .toSorted(),
    ['TUF root', 'TUF snapshot', 'TUF targets', 'TUF timestamp'],
  );
});

test('a target that was lost or damaged on the disk is written again, and nothing is signed for it', async () => {
  const { repository, objects, reopen } = await openOwnTuf(first, start);
  const seen = await seenBy(repository);
  for (const key of (await objects.list('tuf/targets/')).filter((each) => each.endsWith('trusted_root.json'))) {
    const good = await objects.read(key);
    await objects.replace(key, utf8Of('damaged'), good?.version);
    assert.equal(await (await reopen()).publish(first), false);
    assert.deepEqual(await seenBy(repository), seen);
    await objects.remove([key]);
    assert.equal(await (await reopen()).publish(first), false);
    assert.deepEqual(await seenBy(repository), seen);
  }
});

const effects: readonly Fault['effect'][] = ['lost-answer', 'not-applied', 'half-applied'];

/** Runs the work with each of its writes failing in each way; `check` sees what is left. */
async function withEveryFault(
  prepare: () => Promise<{ readonly objects: ReturnType<typeof createMemoryStore> }>,
  work: (objects: ReturnType<typeof createMemoryStore>) => Promise<unknown>,
  check: (objects: ReturnType<typeof createMemoryStore>) => Promise<void>,
): Promise<number> {
  let faults = 0;
  for (const effect of effects) {
    for (let write = 1; ; write += 1) {
      const { objects } = await prepare();
      const faulty = createFaultyStore(objects, { write, effect, isFinal: true });
      const failed = await work(faulty).then(
        () => false,
        (error: unknown) => hasCode('STORE_FAILED')(error),
      );
      if (!failed) break;
      faults += 1;
      await check(objects);
    }
  }
  return faults;
}

test('a crash at any write while a repository is made leaves one that can be made', async () => {
  const keys = createTufKeys();
  const options = { keys, name: 'example', now: () => start, firstTargets: first };
  const faults = await withEveryFault(
    async () => ({ objects: createMemoryStore() }),
    (objects) => openTufRepository({ ...options, objects }),
    async (objects) => {
      const repository = await openTufRepository({ ...options, objects });
      assert.equal((await seenBy(repository)).trustedRoot, 'first');
    },
  );
  assert.equal(faults, 5 * effects.length);
});

test('a crash at any write of new targets leaves the old ones or the new ones, and the next attempt succeeds', async () => {
  let keys = createTufKeys();
  let before: Seen | undefined;
  const openIn = (objects: ReturnType<typeof createMemoryStore>): Promise<TufRepository> =>
    openTufRepository({ objects, keys, name: 'example', now: () => start });
  const faults = await withEveryFault(
    async () => {
      const own = await openOwnTuf(first, start);
      ({ keys } = own);
      before = await seenBy(own.repository);
      return own;
    },
    async (objects) => (await openIn(objects)).publish(second),
    async (objects) => {
      const reopened = await openIn(objects);
      const seen = await seenBy(reopened);
      if (seen.trustedRoot === 'first') assert.deepEqual(seen, before);
      await reopened.publish(second);
      const after = await seenBy(reopened);
      assert.equal(after.trustedRoot, 'second');
      assert.ok(after.versions.every((version) => version > 1));
    },
  );
  assert.equal(faults, 3 * effects.length);
});

test('a crash at any write of a rotation is mended by the next one with the same keys', async () => {
  let keys = createTufKeys();
  let next = createTufKeys();
  let root = new Uint8Array();
  const faults = await withEveryFault(
    async () => {
      const own = await openOwnTuf(first, start);
      ({ keys } = own);
      next = createTufKeys();
      root = Uint8Array.from(own.repository.root());
      return own;
    },
    async (objects) => {
      const repository = await openTufRepository({ objects, keys, name: 'example', now: () => start });
      await repository.rotate(keys.root, next);
    },
    async (objects) => {
      const open = (some: typeof keys): Promise<TufRepository> =>
        openTufRepository({ objects, keys: some, name: 'example', now: () => start });
      const reopened = await open(next).catch(() => open(keys));
      await reopened.rotate(keys.root, next);
      assert.equal((await seenBy(reopened, root)).trustedRoot, 'first');
      assert.equal(await reopened.read('3.root.json'), undefined);
    },
  );
  assert.equal(faults, 3 * effects.length);
});

test('an answer that was lost is found out, and the same process goes on', async () => {
  const { objects, keys } = await openOwnTuf(first, start);
  const faulty = createFaultyStore(objects, { write: 3, effect: 'lost-answer' });
  const repository = await openTufRepository({ objects: faulty, keys, name: 'example', now: () => start });
  await assert.rejects(repository.publish(second), hasCode('STORE_FAILED'));
  assert.equal(await repository.publish(second), false, 'it was applied');
  assert.equal((await seenBy(repository)).trustedRoot, 'second');
});
