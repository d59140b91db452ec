/** The repository over HTTP, in the hands of clients that others wrote. */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { initTUF } from '@sigstore/tuf';
import { Updater } from 'tuf-js';

import { createTufKeys, openOwnTuf, targetsOf } from '../../../test/support/own-tuf.ts';
import type { OwnTuf } from '../../../test/support/own-tuf.ts';
import { createScratchFolder } from '../../../test/support/scratch.ts';
import { serveServices } from '../../../test/support/serve-services.ts';
import { createTestRuntime } from '../../../test/support/test-runtime.ts';
import { parseUtf8, utf8Of } from '../../base/bytes.ts';
import { CountersignError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { readTufTarget } from '../../clients/tuf/tuf-source.ts';
import { sha256HexOf } from '../../crypto/hash.ts';
import { signTufDocument } from '../../formats/tuf/signed-document.ts';
import type { TufFile } from './tuf-file.ts';
import { tufService } from './tuf-service.ts';

const DAY_MS = 86_400_000;
const first = targetsOf({ 'trusted_root.json': 'first' });
const second = targetsOf({ 'trusted_root.json': 'second' });

interface Scene extends OwnTuf {
  /** From now on the mirror gives these bytes at this path, whatever is published. */
  readonly hold: (path: string, bytes: Uint8Array | undefined) => void;
  readonly trustedRoot: (client: Client) => Promise<string>;
}

type Client = 'tuf-js' | 'sigstore-js' | 'ours';

async function openScene(t: TestContext, at: Date = new Date()): Promise<Scene> {
  const own = await openOwnTuf(first, at);
  const held = new Map<string, Uint8Array>();
  const read = async (path: string): Promise<TufFile | undefined> => {
    const file = await own.repository.read(path);
    return file && { ...file, bytes: held.get(path) ?? file.bytes };
  };
  const { url } = await serveServices(t, [tufService({ read })]);
  const clients = openClients(t, `${url}/tuf`, own.repository.root());
  return {
    ...own,
    hold: (path, bytes) => {
      if (bytes !== undefined) held.set(path, bytes);
    },
    trustedRoot: (client) => clients[client](),
  };
}

/** Each remembers what it saw. */
function openClients(t: TestContext, mirror: string, root: Uint8Array): Record<Client, () => Promise<string>> {
  const folder = createScratchFolder('tuf-clients');
  const rootPath = join(folder, 'root.json');
  writeFileSync(rootPath, root);
  const metadataDir = createScratchFolder('tuf-js');
  writeFileSync(join(metadataDir, 'root.json'), root);
  let now = Date.now();
  const runtime = createTestRuntime(t, { now: () => new Date(now) });
  return {
    'tuf-js': async () => {
      const targetBaseUrl = `${mirror}/targets`;
      const places = { metadataDir, metadataBaseUrl: mirror, targetDir: createScratchFolder('targets'), targetBaseUrl };
      const updater = new Updater({ ...places, config: { fetchRetries: 0 } });
      await updater.refresh();
      const target = await updater.getTargetInfo('trusted_root.json');
      assert.ok(target);
      return readFileSync(await updater.downloadTarget(target), 'utf8');
    },
    'sigstore-js': async () => {
      const options = { mirrorURL: mirror, rootPath, cachePath: join(folder, 'sigstore-js'), retry: 0 };
      return (await initTUF(options)).getTarget('trusted_root.json');
    },
    ours: async () => {
      // It asks once a day.
      now += 1.1 * DAY_MS;
      const source = { cacheDir: join(folder, 'ours'), mirror, firstRoot: root, isOffline: false, isReadOnly: false };
      return parseUtf8((await readTufTarget(source, 'trusted_root.json', runtime)).bytes);
    },
  };
}

async function timestampOf({ repository }: OwnTuf): Promise<Uint8Array | undefined> {
  return (await repository.read('timestamp.json'))?.bytes;
}

for (const client of ['tuf-js', 'sigstore-js', 'ours'] as const) {
  test(`${client} walks the repository from its first root, and goes on through a rotation of all keys`, async (t) => {
    const scene = await openScene(t);
    assert.equal(await scene.trustedRoot(client), 'first');
    await scene.repository.rotate(scene.keys.root, createTufKeys());
    await scene.repository.publish(second);
    assert.equal(await scene.trustedRoot(client), 'second');
  });

  test(`${client} refuses a timestamp that nobody renewed, and takes the next one`, async (t) => {
    const scene = await openScene(t, new Date(Date.now() - 8 * DAY_MS));
    await assert.rejects(scene.trustedRoot(client), /expired/i);
    scene.setNow(new Date());
    await scene.repository.refresh();
    assert.equal(await scene.trustedRoot(client), 'first');
  });

  test(`${client} refuses a mirror that goes back`, async (t) => {
    const scene = await openScene(t);
    const older = await timestampOf(scene);
    await scene.repository.publish(second);
    assert.equal(await scene.trustedRoot(client), 'second');
    scene.hold('timestamp.json', older);
    await assert.rejects(scene.trustedRoot(client), /version/i);
  });

  test(`${client} refuses a timestamp that a stranger signed`, async (t) => {
    const scene = await openScene(t);
    const { signed } = JSON.parse(parseUtf8((await timestampOf(scene)) ?? new Uint8Array())) as { signed: JsonObject };
    scene.hold('timestamp.json', await signTufDocument(signed, [createTufKeys().timestamp]));
    await assert.rejects(scene.trustedRoot(client), /sign/i);
  });
}

test('documents are asked for again, what is named by its hash is kept, and nobody runs a target', async (t) => {
  const { repository } = await openOwnTuf(first);
  const { ask } = await serveServices(t, [tufService(repository)]);
  const headersOf = async (path: string): Promise<readonly unknown[]> => {
    const { status, headers } = await ask('GET', path);
    return [status, headers['content-type'], headers['cache-control'], headers['x-content-type-options']];
  };
  const fixed = 'public, max-age=31536000, immutable';
  const octets = 'application/octet-stream';
  assert.deepEqual(await headersOf('/tuf/timestamp.json'), [200, 'application/json', 'no-cache', 'nosniff']);
  assert.deepEqual(await headersOf('/tuf/1.root.json'), [200, 'application/json', fixed, 'nosniff']);
  assert.deepEqual(await headersOf('/tuf/2.root.json'), [404, 'application/json', 'no-cache', 'nosniff']);
  assert.deepEqual(await headersOf('/tuf/targets/trusted_root.json'), [200, octets, 'no-cache', 'nosniff']);
  assert.deepEqual((await headersOf('/tuf/targets/%2e%2e%2f1.root.json'))[0], 404);
  const hash = sha256HexOf(utf8Of('first'));
  assert.deepEqual(await headersOf(`/tuf/targets/${hash}.trusted_root.json`), [200, octets, fixed, 'nosniff']);
});

test('what the store cannot give is a fault of the server, and not an absence', async (t) => {
  const read = (): Promise<never> => Promise.reject(new CountersignError('STORE_FAILED', 'no disk'));
  const { ask } = await serveServices(t, [tufService({ read })]);
  assert.equal((await ask('GET', '/tuf/2.root.json')).status, 500);
});
