/** Our TUF repository in the hands of other clients: what they fetch, how they follow it, and what they refuse. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { parsePublicKeyDer, publicKeyPemOf } from '../../src/crypto/public-key.ts';
import { parseTrustedRoot } from '../../src/formats/trust/trusted-root.ts';
import type { StackFacts } from '../../src/servers/stack/stack-facts.ts';
import { sigstoreTargetsOf } from '../../src/servers/tuf/sigstore-targets.ts';
import { stackTrustedRootOf } from '../../src/servers/tuf/trust-material.ts';
import { tufService } from '../../src/servers/tuf/tuf-service.ts';
import { createSigner, createStackFacts, createTufKeys, openOwnTuf } from '../support/own-tuf.ts';
import type { OwnTuf } from '../support/own-tuf.ts';
import { requirePeer, runPeer } from '../support/peers.ts';
import type { PeerName, PeerRun } from '../support/peers.ts';
import { createScratchFolder } from '../support/scratch.ts';
import { serveServices } from '../support/serve-services.ts';

const DAY_MS = 86_400_000;
const facts = await createStackFacts('https://sigstore.example.com');
const later: StackFacts = { ...facts, rekorKey: createSigner().publicKey };

interface Scene extends OwnTuf {
  readonly mirror: string;
  readonly folder: string;
  readonly rootFile: string;
  /** From now on an old timestamp is given. */
  readonly hold: (timestamp: Uint8Array) => void;
  readonly run: (peer: PeerName, args: readonly string[]) => Promise<PeerRun>;
}

async function openScene(t: TestContext, at: Date = new Date()): Promise<Scene> {
  const own = await openOwnTuf(sigstoreTargetsOf(facts), at);
  let held: Uint8Array | undefined;
  const { url } = await serveServices(t, [
    tufService({
      read: async (path) => {
        const file = await own.repository.read(path);
        return file && held !== undefined && path === 'timestamp.json' ? { ...file, bytes: held } : file;
      },
    }),
  ]);
  const folder = createScratchFolder('tuf-server');
  const rootFile = join(folder, 'root.json');
  writeFileSync(rootFile, own.repository.root());
  return {
    ...own,
    mirror: `${url}/tuf`,
    folder,
    rootFile,
    hold: (timestamp) => {
      held = timestamp;
    },
    run: (peer, args) => runPeer(peer, args, { env: { HOME: folder, TUF_ROOT: join(folder, peer), COLUMNS: '200' } }),
  };
}

/** Each prints, or throws what it printed when it refused. */
interface Client {
  /** Sets itself up by the first root. */
  readonly begin: (scene: Scene) => Promise<unknown>;
  /** Asks again, with what it remembers. */
  readonly again: (scene: Scene) => Promise<unknown>;
  /** The key of the log that it believes, PEM. */
  readonly rekorKey: (scene: Scene) => Promise<string>;
}

const rekorPemOf = ({ rekorKey }: StackFacts): string => publicKeyPemOf(rekorKey);

async function succeed(run: Promise<PeerRun>): Promise<string> {
  const { status, stdout, stderr } = await run;
  if (status !== 0) throw new Error(stdout + stderr);
  return stdout;
}

function initialize(peer: PeerName, { mirror, rootFile, run }: Scene): Promise<string> {
  const sha256 = createHash('sha256').update(readFileSync(rootFile)).digest('hex');
  return succeed(run(peer, ['initialize', '--mirror', mirror, '--root', rootFile, '--root-checksum', sha256]));
}

function python({ mirror, run }: Scene, args: readonly string[]): Promise<string> {
  return succeed(run('sigstore-python', ['-m', 'sigstore', '--instance', mirror, ...args, '--verbose']));
}

function rekorPemIn(trustedRoot: Uint8Array): string {
  const [log] = parseTrustedRoot(trustedRoot).logs;
  return publicKeyPemOf(parsePublicKeyDer(log?.keyBytes ?? new Uint8Array(), 'spki'));
}

const clients = {
  'cosign-2': {
    begin: async (scene) => {
      const told = await initialize('cosign-2', scene);
      for (const target of sigstoreTargetsOf(facts).keys()) assert.ok(told.includes(`"${target}"`), target);
    },
    again: (scene) => initialize('cosign-2', scene),
    rekorKey: async ({ folder }) => readFileSync(join(folder, 'cosign-2', 'targets', 'rekor.pub'), 'utf8'),
  },
  'cosign-3': {
    begin: (scene) => initialize('cosign-3', scene),
    again: ({ run }) => succeed(run('cosign-3', ['trusted-root', 'create', '--with-default-services'])),
    rekorKey: async ({ run }) => {
      const made = await succeed(run('cosign-3', ['trusted-root', 'create', '--with-default-services']));
      return rekorPemIn(Buffer.from(made));
    },
  },
  'sigstore-python': {
    begin: (scene) => python(scene, ['trust-instance', scene.rootFile]),
    again: (scene) => python(scene, ['plumbing', 'update-trust-root']),
    rekorKey: async ({ folder, mirror }) => {
      const cache = join(folder, '.cache', 'sigstore-python', 'tuf', encodeURIComponent(mirror));
      return rekorPemIn(readFileSync(join(cache, 'trusted_root.json')));
    },
  },
} as const satisfies Partial<Record<PeerName, Client>>;

for (const [peer, client] of Object.entries(clients) as [keyof typeof clients, Client][]) {
  test(`${peer} takes our targets, and follows the repository through a rotation of all keys`, async (t) => {
    if (!requirePeer(t, peer)) return;
    const scene = await openScene(t);
    await client.begin(scene);
    assert.equal(await client.rekorKey(scene), rekorPemOf(facts));
    await scene.repository.rotate(scene.keys.root, createTufKeys());
    await scene.repository.publish(sigstoreTargetsOf(later));
    await client.again(scene);
    assert.equal(await client.rekorKey(scene), rekorPemOf(later));
  });

  test(`${peer} refuses a timestamp that nobody renewed, and takes the next one`, async (t) => {
    if (!requirePeer(t, peer)) return;
    const scene = await openScene(t, new Date(Date.now() - 8 * DAY_MS));
    await assert.rejects(client.begin(scene), /expired/i);
    scene.setNow(new Date());
    await scene.repository.refresh();
    await client.begin(scene);
    assert.equal(await client.rekorKey(scene), rekorPemOf(facts));
  });

  test(`${peer} refuses a mirror that goes back`, async (t) => {
    if (!requirePeer(t, peer)) return;
    const scene = await openScene(t);
    const older = await scene.repository.read('timestamp.json');
    assert.ok(older);
    await scene.repository.publish(sigstoreTargetsOf(later));
    await client.begin(scene);
    scene.hold(older.bytes);
    await assert.rejects(client.again(scene), /version|rollback/i);
  });
}

test('cosign 3 believes the very trusted root that we describe', async (t) => {
  if (!requirePeer(t, 'cosign-3')) return;
  const scene = await openScene(t);
  await clients['cosign-3'].begin(scene);
  const made = await succeed(scene.run('cosign-3', ['trusted-root', 'create', '--with-default-services']));
  assert.deepEqual(parseTrustedRoot(Buffer.from(made)), stackTrustedRootOf(facts));
});
