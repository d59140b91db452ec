/** One TUF cache for cosign and for us: what either keeps, the other goes on with. */
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { readChosenMirror } from '../../src/clients/tuf/cache.ts';
import { readTufTarget } from '../../src/clients/tuf/tuf-source.ts';
import { runCountersign } from '../support/countersign.ts';
import { hasCode } from '../support/error-code.ts';
import { requirePeer, runPeer } from '../support/peers.ts';
import { createScratchFolder } from '../support/scratch.ts';
import type { ScriptedServer } from '../support/scripted-server.ts';
import { createTestRuntime } from '../support/test-runtime.ts';
import { createRoleKey, createTufRepository, serveTufRepository } from '../support/tuf-repository.ts';
import type { TufRepository } from '../support/tuf-repository.ts';

interface Scene {
  readonly repository: TufRepository;
  readonly server: ScriptedServer;
  readonly folder: string;
  readonly cacheDir: string;
  readonly initialize: readonly string[];
  /** The environment of both. */
  readonly env: Readonly<Record<string, string>>;
}

/** A trusted root with one log, by whose name it is told from others. */
function trustedRootOf(log: string): Buffer {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return Buffer.from(
    JSON.stringify({
      mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      tlogs: [
        {
          baseUrl: `https://${log}.test`,
          hashAlgorithm: 'SHA2_256',
          publicKey: {
            rawBytes: spki.toString('base64'),
            keyDetails: 'PKIX_ECDSA_P256_SHA_256',
            validFor: { start: '2024-01-01T00:00:00Z' },
          },
          logId: { keyId: createHash('sha256').update(spki).digest('base64') },
        },
      ],
    }),
  );
}

async function openScene(t: TestContext): Promise<Scene> {
  const signingConfig = JSON.stringify({ mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json' });
  const repository = createTufRepository({
    'trusted_root.json': trustedRootOf('first'),
    'signing_config.v0.2.json': signingConfig,
    // What cosign 2 looks for.
    'rekor.pub': generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }),
  });
  const server = await serveTufRepository(t, repository);
  const folder = createScratchFolder('tuf-interop');
  writeFileSync(join(folder, 'root.json'), repository.firstRoot);
  const cacheDir = join(folder, 'cache');
  return {
    repository,
    server,
    folder,
    cacheDir,
    initialize: ['initialize', '--mirror', `http://${server.host}`, '--root', join(folder, 'root.json')],
    env: { HOME: folder, TUF_ROOT: cacheDir },
  };
}

/** A new trusted root under new keys of every kind. */
function moveOn({ repository }: Scene, log: string): void {
  const old = repository.roles.root.keys.slice(0, 2);
  repository.roles.root.keys = [createRoleKey(), createRoleKey(), createRoleKey()];
  for (const role of ['timestamp', 'snapshot', 'targets'] as const) repository.roles[role].keys = [createRoleKey()];
  repository.roles.root.version += 1;
  repository.publish('root', { signers: [...old, ...repository.roles.root.keys.slice(0, 2)] });
  repository.targets.set('trusted_root.json', trustedRootOf(log));
  repository.publishNext('targets', 'snapshot', 'timestamp');
}

async function ourRoot(
  t: TestContext,
  { cacheDir, server }: Scene,
  isOffline: boolean,
  now = new Date(),
): Promise<string> {
  const runtime = createTestRuntime(t, { now: () => now });
  const { bytes } = await readTufTarget(
    { cacheDir, mirror: `http://${server.host}`, isOffline, isReadOnly: false },
    'trusted_root.json',
    runtime,
  );
  return Buffer.from(bytes).toString();
}

async function cosignRoot({ env }: Scene): Promise<string> {
  const { status, stdout, stderr } = await runPeer('cosign-3', ['trusted-root', 'create', '--with-default-services'], {
    env,
  });
  assert.equal(status, 0, stderr);
  return stdout;
}

const tomorrow = new Date(Date.now() + 25 * 3_600_000);

test('what cosign 3 initialized serves us, offline too, and follows the repository through a rotation of all keys', async (t) => {
  if (!requirePeer(t, 'cosign-3')) return;
  const scene = await openScene(t);
  const made = await runPeer('cosign-3', scene.initialize, { env: scene.env });
  assert.equal(made.status, 0, made.stderr);
  assert.equal(await readChosenMirror(scene.cacheDir), `http://${scene.server.host}`);
  const asked = scene.server.seen.length;
  assert.match(await ourRoot(t, scene, true), /first\.test/);
  assert.match(await ourRoot(t, scene, false), /first\.test/);
  assert.equal(scene.server.seen.length, asked, 'its note of the last refresh is understood: nothing is asked twice');
  moveOn(scene, 'second');
  assert.match(await ourRoot(t, scene, false, tomorrow), /second\.test/);
  assert.match(await cosignRoot(scene), /second\.test/);
  assert.deepEqual(
    scene.server.asked().slice(-2),
    ['GET /3.root.json', 'GET /timestamp.json'],
    'cosign goes on from what we kept',
  );
});

test('what we initialized serves cosign 3, and what it refreshes serves us', async (t) => {
  if (!requirePeer(t, 'cosign-3')) return;
  const scene = await openScene(t);
  const made = await runCountersign(scene.initialize, { env: scene.env });
  assert.equal(made.status, 0, made.stderr);
  const asked = scene.server.seen.length;
  assert.match(await cosignRoot(scene), /first\.test/);
  assert.deepEqual(
    scene.server.asked().slice(asked),
    ['GET /2.root.json', 'GET /timestamp.json'],
    'the rest it has from us',
  );
  moveOn(scene, 'second');
  assert.match(await cosignRoot(scene), /second\.test/);
  assert.match(await ourRoot(t, scene, true), /second\.test/);
});

test('cosign 3 and we refuse the same: a timestamp of a stranger, a step back, an expired root', async (t) => {
  if (!requirePeer(t, 'cosign-3')) return;
  const attacks = [
    [
      'TUF_SIGNATURES_INSUFFICIENT',
      ({ roles, publish }: TufRepository) => {
        roles.timestamp.version += 1;
        publish('timestamp', { signers: [createRoleKey()] });
      },
    ],
    [
      'TUF_ROLLBACK',
      ({ roles, publishNext }: TufRepository) => {
        roles.snapshot.version = 1;
        publishNext('timestamp');
      },
    ],
    [
      'TUF_EXPIRED',
      ({ roles, publishNext }: TufRepository) => {
        roles.root.expires = '2020-01-01T00:00:00Z';
        publishNext('root');
      },
    ],
  ] as const;
  for (const [code, attack] of attacks) {
    const scene = await openScene(t);
    scene.repository.publishNext('targets', 'snapshot', 'timestamp');
    assert.equal((await runPeer('cosign-3', scene.initialize, { env: scene.env })).status, 0);
    attack(scene.repository);
    await assert.rejects(ourRoot(t, scene, false, tomorrow), hasCode(code));
    const theirs = await runPeer('cosign-3', ['trusted-root', 'create', '--with-default-services'], { env: scene.env });
    assert.notEqual(theirs.status, 0, code);
  }
});

test('cosign 2 keeps its own things beside ours, takes our repository, and breaks nothing', async (t) => {
  if (!requirePeer(t, 'cosign-2')) return;
  const scene = await openScene(t);
  assert.equal((await runCountersign(scene.initialize, { env: scene.env })).status, 0);
  const theirs = await runPeer('cosign-2', scene.initialize, { env: scene.env });
  assert.equal(theirs.status, 0, theirs.stderr);
  assert.match(theirs.stdout, /"trusted_root\.json"/);
  assert.match(await ourRoot(t, scene, true), /first\.test/);
  assert.equal((await runCountersign(scene.initialize, { env: scene.env })).status, 0);
});

test('a cache of cosign 2 alone holds no root that we could begin with, which is said', async (t) => {
  if (!requirePeer(t, 'cosign-2')) return;
  const scene = await openScene(t);
  assert.equal((await runPeer('cosign-2', scene.initialize, { env: scene.env })).status, 0);
  await assert.rejects(ourRoot(t, scene, false), hasCode('TRUST_ROOT_MISSING'));
});
