/** The static repository of tuf-conformance that tuf-on-ci made, at the time that comes with it; and what the public
 *  instance's trusted root is for. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { CountersignError } from '../../src/base/errors.ts';
import { memoryFiles } from '../../src/clients/tuf/cache.ts';
import { openMirror } from '../../src/clients/tuf/mirror.ts';
import { fetchTarget } from '../../src/clients/tuf/target.ts';
import { readTufTarget } from '../../src/clients/tuf/tuf-source.ts';
import type { TufSource } from '../../src/clients/tuf/tuf-source.ts';
import { updateMetadata } from '../../src/clients/tuf/update.ts';
import { runCountersign } from '../support/countersign.ts';
import { hasCode } from '../support/error-code.ts';
import { publicSuiteFolder, requirePublicSuite } from '../support/public-suite.ts';
import { createScratchFolder } from '../support/scratch.ts';
import { reply, startScriptedServer } from '../support/scripted-server.ts';
import type { ScriptedServer } from '../support/scripted-server.ts';
import { createTestRuntime } from '../support/test-runtime.ts';
import type { TestRuntime } from '../support/test-runtime.ts';
import { createTufRepository, serveTufRepository } from '../support/tuf-repository.ts';

const part = 'tuf-on-ci';
const partFile = (...path: readonly string[]): string => join(publicSuiteFolder(), part, ...path);

interface Scene {
  readonly server: ScriptedServer;
  readonly source: TufSource;
  readonly runtime: TestRuntime;
  readonly name: string;
}

async function openScene(t: TestContext): Promise<Scene> {
  const server = await startScriptedServer(t, ({ path }, response) => {
    const parts = path.slice(1).split('/').map(decodeURIComponent);
    try {
      reply(
        response,
        200,
        {},
        readFileSync(parts[0] === 'targets' ? partFile(...parts) : partFile('metadata', ...parts)),
      );
    } catch {
      reply(response, 404);
    }
  });
  const now = new Date(readFileSync(partFile('faketime'), 'utf8').trim());
  const source = {
    cacheDir: join(createScratchFolder('tuf-on-ci'), 'root'),
    mirror: `http://${server.host}`,
    firstRoot: readFileSync(partFile('initial_root.json')),
    isOffline: false,
    isReadOnly: false,
  };
  const runtime = createTestRuntime(t, { now: () => now });
  return { server, source, runtime, name: readFileSync(partFile('targetpath'), 'utf8').trim() };
}

test('the target, which a delegated role has, comes and is kept, and offline it is still there', async (t) => {
  if (!requirePublicSuite(t, part)) return;
  const { server, source, runtime, name } = await openScene(t);
  const { bytes, repository } = await readTufTarget(source, name, runtime);
  const digest = createHash('sha256').update(bytes).digest('hex');
  assert.deepEqual(readFileSync(partFile('targets', 'delegatedrole', `${digest}.artifact`)), Buffer.from(bytes));
  assert.deepEqual(
    Object.entries(repository.roles).map(([role, { version }]) => [role, version]),
    [
      ['root', 1],
      ['timestamp', 2],
      ['snapshot', 2],
      ['targets', 1],
    ],
  );
  const asked = server.seen.length;
  const offline = await readTufTarget({ ...source, isOffline: true }, name, runtime);
  assert.deepEqual(offline.bytes, bytes);
  assert.equal(server.seen.length, asked);
});

test('the clock of the caller counts, not that of the machine', async (t) => {
  if (!requirePublicSuite(t, part)) return;
  const { source, runtime, name } = await openScene(t);
  const late = { ...runtime, now: () => new Date('2045-01-01T00:00:00Z') };
  await assert.rejects(readTufTarget(source, name, late), hasCode('TUF_EXPIRED'));
});

test('a signature of the public instance is verified with what initialize fetched, and offline without a socket', async (t) => {
  if (!requirePublicSuite(t, 'trusted-roots') || !requirePublicSuite(t, 'sigstore-conformance')) return;
  const suite = publicSuiteFolder();
  const repository = createTufRepository({
    'trusted_root.json': readFileSync(join(suite, 'trusted-roots', 'production', 'trusted_root.json')),
  });
  const server = await serveTufRepository(t, repository);
  const cwd = createScratchFolder('tuf-verify');
  writeFileSync(join(cwd, 'root.json'), repository.firstRoot);
  const env = { TUF_ROOT: join(cwd, 'cache') };
  const made = await runCountersign(['initialize', '--mirror', `http://${server.host}`, '--root', 'root.json'], {
    cwd,
    env,
  });
  assert.equal(made.status, 0, made.stderr);

  const cases = join(suite, 'sigstore-conformance');
  const bundle = join(cases, 'bundle-verify', 'happy-path-v0.3', 'bundle.sigstore.json');
  const identity = [
    '--certificate-identity-regexp',
    '^https://github\\.com/',
    '--certificate-oidc-issuer-regexp',
    '^https://.*$',
  ];
  const verify = ['verify-blob', '--bundle', bundle, ...identity, join(cases, 'a.txt')];
  const asked = server.seen.length;
  const online = await runCountersign(verify, { cwd, env });
  assert.equal(online.status, 0, online.stderr);
  const noSocket = `import net from 'node:net'; net.Socket.prototype.connect = () => process.exit(99);`;
  const offline = await runCountersign([...verify, '--offline'], {
    cwd,
    env: { ...env, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(noSocket)}` },
  });
  assert.equal(offline.status, 0, offline.stderr);
  assert.match(offline.stderr, /^offline: using the trust root of http:.* root version 1, refreshed 0 min ago$/m);
  assert.equal(server.seen.length, asked);

  const nobody = await runCountersign([...verify, '--json'], { cwd, env: { TUF_ROOT: join(cwd, 'empty') } });
  assert.match(nobody.stdout, /"TRUST_ROOT_MISSING"/, 'the public instance is not asked unasked');
});

test('a flipped bit anywhere in any document is refused', async (t) => {
  if (!requirePublicSuite(t, part)) return;
  const now = new Date(readFileSync(partFile('faketime'), 'utf8').trim());
  const names = ['timestamp.json', '2.snapshot.json', '1.targets.json', '2.delegatedrole.json'];
  const good = new Map([
    ['initial_root.json', readFileSync(partFile('initial_root.json'))],
    ...names.map((name) => [name, readFileSync(partFile('metadata', name))] as const),
  ]);
  await fetchWith(t, good, now);
  for (const [name, bytes] of good) {
    // The name of a key that has not signed counts for nothing.
    const unused = /"keyid": "([^"]*)",\s*"sig": ""/d.exec(bytes.toString('latin1'))?.indices?.[1] ?? [0, 0];
    for (let at = 0; at < bytes.length; at += 3) {
      if (at >= unused[0] && at < unused[1]) continue;
      const bad = Buffer.from(bytes);
      bad[at] = (bad[at] ?? 0) ^ 4;
      await assert.rejects(fetchWith(t, new Map(good).set(name, bad), now), CountersignError, `${name}, byte ${at}`);
    }
  }
});

/** An update from these documents, and the target, whose content is the right one. */
async function fetchWith(t: TestContext, documents: ReadonlyMap<string, Uint8Array>, now: Date): Promise<void> {
  const runtime = createTestRuntime(t, {
    request: async ({ url }) => {
      const bytes =
        documents.get(url.pathname.slice(1)) ?? (url.pathname.startsWith('/targets/') ? content(url) : undefined);
      return {
        status: bytes === undefined ? 404 : 200,
        headers: {},
        body: Readable.from(bytes === undefined ? [] : [bytes]),
      };
    },
  });
  const update = {
    files: memoryFiles(new Map()),
    mirror: openMirror('https://tuf.example', { runtime }),
    now,
    isOffline: false,
    log: runtime.log,
  };
  const trusted = await updateMetadata(documents.get('initial_root.json') ?? new Uint8Array(), update);
  await fetchTarget(trusted, 'delegatedrole/artifact', update);
}

const content = (url: URL): Buffer => readFileSync(partFile(...url.pathname.slice(1).split('/')));
