/** A whole stack's TUF repository in the hands of clients that others wrote. What tuf-js and sigstore-js say of expired,
 *  older and foreign documents is beside the service: src/servers/tuf/tuf-service.test.ts. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { TestContext } from 'node:test';

import { sign, verify } from 'sigstore';
import type { Bundle } from 'sigstore';
import { Updater } from 'tuf-js';

import { utf8Of } from '../../src/base/bytes.ts';
import { openKeyRing } from '../../src/crypto/key-ring.ts';
import { readKeys, requireSettings } from '../../src/servers/stack/data-directory.ts';
import { requireSigner } from '../../src/servers/stack/stack-keys.ts';
import { openTufRepository } from '../../src/servers/tuf/tuf-repository.ts';
import type { TufFile } from '../../src/servers/tuf/tuf-file.ts';
import { tufService } from '../../src/servers/tuf/tuf-service.ts';
import { openDirectoryStore } from '../../src/storage/directory-store.ts';
import { runCountersign } from '../support/countersign.ts';
import { createSigner, openOwnTuf, targetsOf } from '../support/own-tuf.ts';
import type { PeerRun } from '../support/peers.ts';
import { requirePeer, runPeer } from '../support/peers.ts';
import { createScratchFolder } from '../support/scratch.ts';
import { serveServices } from '../support/serve-services.ts';
import { startStack } from '../support/stack.ts';
import type { TestStack } from '../support/stack.ts';

const artifact = Buffer.from('something that is signed\n');
const password = 'test password';
let stack: TestStack;

before(async () => {
  stack = await startStack();
});
after(() => stack.close());

interface TufJs {
  /** One run: from what the last one kept. */
  readonly rootVersion: () => Promise<number>;
  readonly target: (name: string) => Promise<Buffer>;
}

test('§11.2 #5 tuf-js walks from the first root and fetches every target that is listed, which are those that clients look for', async () => {
  const { target } = await openTufJs(stack.url);
  const listed = (await jsonOf('/tuf/targets.json')) as {
    readonly signed: { readonly targets: Readonly<Record<string, { readonly hashes: { readonly sha256: string } }>> };
  };
  const names = Object.entries(listed.signed.targets);
  for (const [name, { hashes }] of names) {
    assert.equal(
      createHash('sha256')
        .update(await target(name))
        .digest('hex'),
      hashes.sha256,
      name,
    );
  }
  const expected = [
    'ctfe.pub',
    'fulcio_intermediate_v1.crt.pem',
    'fulcio_v1.crt.pem',
    'rekor.pub',
    'trusted_root.json',
  ];
  for (const name of [...expected, 'signing_config.v0.2.json', 'tsa_leaf.crt.pem', 'tsa_root.crt.pem']) {
    assert.ok(name in listed.signed.targets, name);
  }
  const next = await fetch(`${stack.url}/tuf/2.root.json`);
  assert.equal(next.status, 404, 'anything else would end the walk of a client');
});

test('§11.2 #5 after a rotation of the root on the same data, clients that stood still go on, and new ones begin at either root', async (t) => {
  if (!requirePeer(t, 'cosign-2', 'cosign-3')) return;
  const folder = createScratchFolder('stack-rotation');
  const bundle = await sign(artifact, {
    fulcioURL: stack.url,
    rekorURL: stack.url,
    identityToken: await stack.token(),
  });
  const standing = await openTufJs(stack.url);
  const cosign = { TUF_ROOT: join(folder, 'cosign-3') };
  const initialize = ['initialize', '--mirror', `${stack.url}/tuf`, '--root'];
  const firstRoot = stack.rootFile;
  await isDone(runPeer('cosign-3', [...initialize, firstRoot], { env: cosign }));
  assert.equal(await standing.rootVersion(), 1);
  await verifyByLibrary(bundle, folder);

  await rotateRoot(join(folder, 'root-keys.json'));

  assert.equal(await standing.rootVersion(), 2);
  assert.equal(await (await openTufJs(stack.url)).rootVersion(), 2);
  assert.equal((JSON.parse(readFileSync(stack.rootFile, 'utf8')) as { signed: { version: number } }).signed.version, 2);
  await verifyByLibrary(bundle, folder);
  await verifyByCosign(bundle, folder, cosign);
  for (const root of [firstRoot, stack.rootFile]) {
    const env = { TUF_ROOT: createScratchFolder('cosign-2') };
    assert.match(await isDone(runPeer('cosign-2', [...initialize, root], { env })), /"trusted_root\.json"/);
  }
  const again = await sign(artifact, { fulcioURL: stack.url, rekorURL: stack.url, identityToken: await stack.token() });
  await verifyByCosign(again, folder, cosign);
});

test('cosign 2, cosign 3 and gitsign do not begin with a repository that nobody renews, and cosign 2 notices one that goes back', async (t) => {
  if (!requirePeer(t, 'cosign-2', 'cosign-3', 'gitsign')) return;
  const targets = await targetsOfStack();
  const expired = await serveTuf(t, targets, new Date(Date.now() - 8 * 86_400_000));
  for (const peer of ['cosign-2', 'cosign-3', 'gitsign'] as const) {
    const env = { HOME: createScratchFolder('expired'), TUF_ROOT: createScratchFolder('expired') };
    const run = await runPeer(peer, expired.initialize, { env });
    assert.notEqual(run.status, 0, peer);
    assert.match(run.stderr + run.stdout, /expired/, peer);
  }
  const mirror = await serveTuf(t, targets);
  const env = { TUF_ROOT: createScratchFolder('rollback') };
  const older = await mirror.read('timestamp.json');
  await mirror.publish(targetsOf({ ...targets, 'rekor.pub': `${targets['rekor.pub']}\n` }));
  await isDone(runPeer('cosign-2', mirror.initialize, { env }));
  mirror.hold('timestamp.json', older);
  const back = await runPeer('cosign-2', mirror.initialize, { env });
  assert.notEqual(back.status, 0);
  assert.match(back.stderr, /version/);
});

/** As somebody does whose root key is kept elsewhere: takes the keys out, and with them makes the next root. */
async function rotateRoot(exported: string): Promise<void> {
  const { dataDir } = stack;
  const words = ['stack', 'root', 'export', '--data', dataDir, '--output', exported];
  await isDone(runCountersign(words, { env: { COUNTERSIGN_STACK_PASSWORD: password } }));
  assert.equal(await stack.close(), 0);
  const keys = await readKeys(dataDir, await requireSettings(dataDir), utf8Of(password));
  const offline = await openKeyRing(readFileSync(exported), utf8Of(password));
  const daily = {
    snapshot: requireSigner(keys, 'tuf-snapshot'),
    timestamp: requireSigner(keys, 'tuf-timestamp'),
    targets: requireSigner(offline, 'tuf-targets'),
  };
  const objects = await openDirectoryStore(join(dataDir, 'objects'));
  const repository = await openTufRepository({ objects, keys: daily, name: 'rotated', now: () => new Date() });
  await repository.rotate(requireSigner(offline, 'tuf-root'), { ...daily, root: createSigner() });
  stack = await startStack({ dataDir });
}

async function verifyByLibrary(bundle: Bundle, folder: string): Promise<void> {
  await verify(bundle, artifact, {
    tufMirrorURL: `${stack.url}/tuf`,
    tufRootPath: stack.rootFile,
    tufCachePath: join(folder, 'sigstore-js'),
    certificateIdentityEmail: '^dev@example\\.com$',
    certificateIssuer: `${stack.url}/oidc`,
  });
}

async function verifyByCosign(bundle: Bundle, folder: string, env: Readonly<Record<string, string>>): Promise<void> {
  writeFileSync(join(folder, 'artifact'), artifact);
  writeFileSync(join(folder, 'bundle.json'), JSON.stringify(bundle));
  const signer = ['--certificate-identity', 'dev@example.com', '--certificate-oidc-issuer', `${stack.url}/oidc`];
  const files = ['--bundle', join(folder, 'bundle.json'), join(folder, 'artifact')];
  await isDone(runPeer('cosign-3', ['verify-blob', ...signer, ...files], { env }));
}

async function openTufJs(url: string): Promise<TufJs> {
  const folder = createScratchFolder('stack-tuf-js');
  const [metadataDir, targetDir] = [join(folder, 'metadata'), join(folder, 'targets')];
  for (const path of [metadataDir, targetDir]) mkdirSync(path);
  const root = await fetch(`${url}/tuf/1.root.json`);
  writeFileSync(join(metadataDir, 'root.json'), new Uint8Array(await root.arrayBuffer()));
  const open = () => {
    const places = { metadataDir, metadataBaseUrl: `${url}/tuf`, targetDir, targetBaseUrl: `${url}/tuf/targets` };
    return new Updater({ ...places, config: { fetchRetries: 0 } });
  };
  return {
    rootVersion: async () => {
      await open().refresh();
      return (JSON.parse(readFileSync(join(metadataDir, 'root.json'), 'utf8')) as { signed: { version: number } })
        .signed.version;
    },
    target: async (name) => {
      const updater = open();
      const info = await updater.getTargetInfo(name);
      assert.ok(info, name);
      return readFileSync(await updater.downloadTarget(info));
    },
  };
}

interface Mirror {
  /** What a program is given to begin with it. */
  readonly initialize: readonly string[];
  readonly read: (path: string) => Promise<TufFile | undefined>;
  readonly publish: (targets: ReturnType<typeof targetsOf>) => Promise<boolean>;
  /** From now on it gives this file at this path. */
  readonly hold: (path: string, file: TufFile | undefined) => void;
}

/** These files under other keys, as of then. */
async function serveTuf(t: TestContext, files: Readonly<Record<string, string>>, at = new Date()): Promise<Mirror> {
  const { repository } = await openOwnTuf(targetsOf(files), at);
  const held = new Map<string, TufFile | undefined>();
  const read = async (path: string) => held.get(path) ?? repository.read(path);
  const { url } = await serveServices(t, [tufService({ read })]);
  const root = join(createScratchFolder('mirror'), 'root.json');
  writeFileSync(root, repository.root());
  return {
    initialize: ['initialize', '--mirror', `${url}/tuf`, '--root', root],
    read: repository.read,
    publish: repository.publish,
    hold: (path, file) => void held.set(path, file),
  };
}

async function targetsOfStack(): Promise<Readonly<Record<string, string>>> {
  const names = ['trusted_root.json', 'signing_config.v0.2.json', 'rekor.pub', 'ctfe.pub', 'fulcio_v1.crt.pem'];
  const read = async (name: string) => [name, await (await fetch(`${stack.url}/tuf/targets/${name}`)).text()] as const;
  return Object.fromEntries(await Promise.all(names.map(read)));
}

async function jsonOf(path: string): Promise<unknown> {
  return (await fetch(`${stack.url}${path}`)).json();
}

/** All it said. */
async function isDone(run: Promise<PeerRun>): Promise<string> {
  const { status, stdout, stderr } = await run;
  assert.equal(status, 0, stderr);
  return `${stdout}${stderr}`;
}
