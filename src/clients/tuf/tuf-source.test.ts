/** The cache on disk: when the mirror is asked, what serves offline, and many processes at once. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { createScratchFolder } from '../../../test/support/scratch.ts';
import type { ScriptedServer } from '../../../test/support/scripted-server.ts';
import { createTestRuntime } from '../../../test/support/test-runtime.ts';
import { createRoleKey, createTufRepository, serveTufRepository } from '../../../test/support/tuf-repository.ts';
import type { TufRepository } from '../../../test/support/tuf-repository.ts';
import { RemoteError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Runtime } from '../../base/runtime.ts';
import { tryFileLock } from '../files/file-lock.ts';
import { mirrorFolderOf, readChosenMirror } from './cache.ts';
import { readTufTarget } from './tuf-source.ts';
import type { TufSource, TufTarget } from './tuf-source.ts';

interface Scene {
  readonly repository: TufRepository;
  readonly server: ScriptedServer;
  readonly cacheDir: string;
  readonly folder: string;
  readonly mirror: string;
  readonly said: string[];
  /** Runs at this many milliseconds after the scene began. */
  readonly read: (
    settings?: Partial<TufSource> & { readonly atMs?: number; readonly isCut?: boolean },
  ) => Promise<TufTarget>;
}

const readTrustedRoot = async (source: TufSource, runtime: Runtime): Promise<TufTarget> =>
  readTufTarget(source, 'trusted_root.json', runtime);

const start = new Date('2030-01-01T00:00:00Z').getTime();
const day = 24 * 3_600_000;

async function openScene(t: TestContext): Promise<Scene> {
  const repository = createTufRepository({ 'trusted_root.json': 'first' });
  const server = await serveTufRepository(t, repository);
  const cacheDir = join(createScratchFolder('tuf-source'), 'root');
  const mirror = `http://${server.host}`;
  const said: string[] = [];
  const say = (message: string): void => void said.push(message);
  const read: Scene['read'] = ({ atMs = 0, isCut = false, ...settings } = {}) => {
    const runtime = createTestRuntime(t);
    const source = { cacheDir, mirror, firstRoot: repository.firstRoot, isOffline: false, isReadOnly: false };
    return readTrustedRoot(
      { ...source, ...settings },
      {
        ...runtime,
        now: () => new Date(start + atMs),
        log: { ...runtime.log, warn: say, noteOnce: say },
        ...(isCut && { request: async () => Promise.reject(new RemoteError('HTTP_UNREACHABLE', 'the line is cut')) }),
      },
    );
  };
  return { repository, server, cacheDir, folder: mirrorFolderOf(cacheDir, mirror), mirror, said, read };
}

const textOf = ({ bytes }: TufTarget): string => Buffer.from(bytes).toString();

function publishTarget({ repository }: Scene, content: string): void {
  repository.targets.set('trusted_root.json', Buffer.from(content));
  repository.publishNext('targets', 'snapshot', 'timestamp');
}

test('what was fetched serves for a day without a question, and then the mirror is asked', async (t) => {
  const scene = await openScene(t);
  assert.equal(textOf(await scene.read()), 'first');
  publishTarget(scene, 'second');
  const asked = scene.server.seen.length;
  assert.equal(textOf(await scene.read({ atMs: limits.tufRefreshMs - 1 })), 'first');
  assert.equal(scene.server.seen.length, asked);
  assert.equal(textOf(await scene.read({ atMs: limits.tufRefreshMs })), 'second');
});

test('a cache that was filled at a time still to come is not of today', async (t) => {
  const scene = await openScene(t);
  await scene.read({ atMs: day });
  publishTarget(scene, 'second');
  assert.equal(textOf(await scene.read()), 'second');
});

test('a cache in which something has expired is not of today, however new', async (t) => {
  const scene = await openScene(t);
  scene.repository.roles.timestamp.expires = '2030-01-01T01:00:00Z';
  scene.repository.publish('timestamp');
  await scene.read();
  await assert.rejects(scene.read({ atMs: 3_600_000 }), hasCode('TUF_EXPIRED'));
  scene.repository.roles.timestamp.expires = '2031-01-01T00:00:00Z';
  publishTarget(scene, 'second');
  assert.equal(textOf(await scene.read({ atMs: 3_600_000 })), 'second');
});

test('a mirror out of reach is made up for by the cache, said aloud, as long as nothing has expired', async (t) => {
  const scene = await openScene(t);
  scene.repository.roles.timestamp.expires = '2030-01-05T00:00:00Z';
  scene.repository.publish('timestamp');
  await scene.read();
  assert.equal(textOf(await scene.read({ atMs: 3 * day, isCut: true })), 'first');
  assert.match(scene.said.join('\n'), /the line is cut; using .* root version 1, refreshed 3 days ago/);
  await assert.rejects(scene.read({ atMs: 5 * day, isCut: true }), hasCode('HTTP_UNREACHABLE'));
});

test('a mirror that lies is not made up for by the cache', async (t) => {
  const scene = await openScene(t);
  await scene.read();
  scene.repository.roles.timestamp.version += 1;
  scene.repository.publish('timestamp', { signers: [createRoleKey()] });
  await assert.rejects(scene.read({ atMs: 2 * day }), hasCode('TUF_SIGNATURES_INSUFFICIENT'));
});

test('offline no request is made, the age is said, and timestamp and snapshot may have expired', async (t) => {
  const scene = await openScene(t);
  scene.repository.roles.timestamp.expires = '2030-01-08T00:00:00Z';
  scene.repository.publish('timestamp');
  await scene.read();
  const asked = scene.server.seen.length;
  assert.equal(textOf(await scene.read({ atMs: 5 * day, isOffline: true })), 'first');
  assert.match(scene.said.at(-1) ?? '', /^offline: .* root version 1, refreshed 5 days ago$/);
  assert.equal(textOf(await scene.read({ atMs: 40 * day, isOffline: true })), 'first');
  assert.match(scene.said.at(-1) ?? '', /refreshed 40 days ago; since 2030-01-08T00:00:00Z nobody vouches/);
  assert.equal(scene.server.seen.length, asked);
});

for (const role of ['root', 'targets'] as const) {
  test(`offline an expired ${role} is refused all the same`, async (t) => {
    const scene = await openScene(t);
    scene.repository.roles[role].expires = '2030-02-01T00:00:00Z';
    scene.repository.publishNext(
      ...(role === 'root' ? ['root' as const] : (['targets', 'snapshot', 'timestamp'] as const)),
    );
    await scene.read();
    await assert.rejects(scene.read({ atMs: 40 * day, isOffline: true }), hasCode('TUF_EXPIRED'));
  });
}

test('offline an empty cache gives nothing and stays empty', async (t) => {
  const scene = await openScene(t);
  await assert.rejects(scene.read({ isOffline: true }), hasCode('TUF_OFFLINE'));
  assert.deepEqual(
    existsSync(scene.cacheDir) ? readdirSync(scene.cacheDir).filter((name) => name !== '.lock') : [],
    [],
  );
});

test('offline a changed target is refused, and online it is fetched again', async (t) => {
  const scene = await openScene(t);
  await scene.read();
  writeFileSync(join(scene.folder, 'targets', 'trusted_root.json'), 'other');
  await assert.rejects(scene.read({ isOffline: true }), hasCode('TUF_OFFLINE'));
  assert.equal(textOf(await scene.read()), 'first');
  assert.equal(textOf(await scene.read({ isOffline: true })), 'first');
});

test('a file that is half written, as a crash of another program leaves it, is healed', async (t) => {
  for (const name of ['root.json', 'timestamp.json', 'snapshot.json', 'targets.json', 'targets/trusted_root.json']) {
    const scene = await openScene(t);
    await scene.read();
    const path = join(scene.folder, name);
    writeFileSync(path, readFileSync(path).subarray(0, -10));
    assert.equal(textOf(await scene.read()), 'first', name);
    assert.equal(textOf(await scene.read({ isOffline: true })), 'first', name);
  }
});

test('without a first root the cached one is begun with, and without either there is nothing to trust', async (t) => {
  const scene = await openScene(t);
  const { cacheDir, mirror } = scene;
  const source = { cacheDir, mirror, isOffline: false, isReadOnly: false };
  const runtime = createTestRuntime(t);
  await assert.rejects(readTrustedRoot(source, runtime), hasCode('TRUST_ROOT_MISSING'));
  await scene.read();
  assert.equal(textOf(await readTrustedRoot(source, { ...runtime, now: () => new Date(start) })), 'first');
});

test('a choice that cannot be read is told of, and does not count as none', async (t) => {
  const { cacheDir } = await openScene(t);
  assert.equal(await readChosenMirror(cacheDir), undefined);
  mkdirSync(cacheDir, { recursive: true });
  for (const text of ['', '{', '{"mirror":3}', '[]']) {
    writeFileSync(join(cacheDir, 'remote.json'), text);
    await assert.rejects(readChosenMirror(cacheDir), hasCode('CONFIG_MALFORMED'), text);
  }
});

test('a given root of another repository is not helped by the cache', async (t) => {
  const scene = await openScene(t);
  await scene.read();
  const { firstRoot } = createTufRepository({});
  for (const isOffline of [false, true]) {
    await assert.rejects(scene.read({ firstRoot, isOffline }), hasCode('TUF_SIGNATURES_INSUFFICIENT'));
  }
});

test('that a newer cached root follows from the one given must have been shown once', async (t) => {
  const scene = await openScene(t);
  scene.repository.publishNext('root');
  await scene.read();
  assert.equal(textOf(await scene.read({ isOffline: true })), 'first', 'shown by this very program');
  const { firstRoot } = createTufRepository({});
  await assert.rejects(scene.read({ firstRoot, isOffline: true }), hasCode('TUF_OFFLINE'));
  await assert.rejects(scene.read({ firstRoot }), hasCode('TUF_SIGNATURES_INSUFFICIENT'));
  assert.equal(
    textOf(await scene.read({ firstRoot: readFileSync(join(scene.folder, 'root.json')), isOffline: true })),
    'first',
  );
});

test('a cache that is only read stays as it is', async (t) => {
  const scene = await openScene(t);
  assert.equal(textOf(await scene.read({ isReadOnly: true })), 'first');
  assert.equal(existsSync(scene.cacheDir), false);
});

test('a lock that another holds is waited for, and given up on', async (t) => {
  const scene = await openScene(t);
  mkdirSync(scene.cacheDir, { recursive: true });
  const lock = tryFileLock(join(scene.cacheDir, '.lock'));
  assert.ok(lock);
  t.after(lock.release);
  await assert.rejects(scene.read(), hasCode('TUF_CACHE_LOCKED'));
});

test('a lock that its holder was killed with is free', async (t) => {
  const path = join(createScratchFolder('lock'), '.lock');
  const holder = startNode(`
    const { tryFileLock } = await import(${JSON.stringify(import.meta.resolve('../files/file-lock.ts'))});
    globalThis.lock = tryFileLock(${JSON.stringify(path)});
    process.send('held');
    setInterval(() => {}, 1000);`);
  t.after(() => holder.kill('SIGKILL'));
  await once(holder, 'message');
  assert.equal(tryFileLock(path), undefined);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  const lock = tryFileLock(path);
  assert.ok(lock);
  lock.release();
});

test('eight processes that refresh at once, over and over, leave a cache that is whole, and all get the target', async (t) => {
  const scene = await openScene(t);
  mkdirSync(scene.cacheDir, { recursive: true });
  const rootFile = join(scene.cacheDir, 'first-root');
  writeFileSync(rootFile, scene.repository.firstRoot);
  const processes = Array.from({ length: 8 }, (_, index) => startNode(refresherOf(scene, rootFile, index)));
  const ends = processes.map((each) => once(each, 'exit'));
  // The repository moves on meanwhile.
  for (let count = 0; count < 10; count += 1) {
    await new Promise((resolve) => setTimeout(resolve, 60));
    publishTarget(scene, `content ${count}`);
  }
  assert.deepEqual(
    (await Promise.all(ends)).map(([status]) => status as number),
    Array.from({ length: 8 }, () => 0),
  );
  assert.equal(textOf(await scene.read({ atMs: 2 * day })), 'content 9');
  assert.equal(textOf(await scene.read({ atMs: 2 * day, isOffline: true })), 'content 9');
  assert.deepEqual(
    readdirSync(scene.folder).filter((name) => name.startsWith('.')),
    [],
    'nothing half is left',
  );
});

/** Twelve refreshes, each a day after the other by its own clock, which no other process shares; then offline. */
function refresherOf({ cacheDir, mirror }: Scene, rootFile: string, index: number): string {
  const [source, runtime] = ['./tuf-source.ts', '../runtime.ts'].map((each) =>
    JSON.stringify(import.meta.resolve(each)),
  );
  return `
    const { readFileSync } = await import('node:fs');
    const { readTufTarget } = await import(${source});
    const { openRuntime } = await import(${runtime});
    const { runtime, close } = openRuntime({ environment: {} });
    const settings = { cacheDir: ${JSON.stringify(cacheDir)}, mirror: ${JSON.stringify(mirror)}, isReadOnly: false,
      firstRoot: readFileSync(${JSON.stringify(rootFile)}) };
    for (let run = 0; run < 12; run += 1) {
      const now = () => new Date(${start} + (run * 8 + ${index}) * ${day});
      for (const isOffline of [false, true]) {
        const { bytes } = await readTufTarget({ ...settings, isOffline }, 'trusted_root.json', { ...runtime, now });
        if (!/^(first|content [0-9])$/.test(String(Buffer.from(bytes)))) process.exit(3);
      }
    }
    close();
    process.exit(0);`;
}

function startNode(code: string): ReturnType<typeof spawn> {
  return spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', code], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}
