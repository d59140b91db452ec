/** gitsign against a whole stack: commits and tags signed by an identity, verified through the log and without it. Each
 *  command runs in a shell that has just run the lines that `countersign stack export-config` writes for gitsign. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';

import { runCountersign } from '../support/countersign.ts';
import { peerEnvironment, requirePeer, requirePeerPath } from '../support/peers.ts';
import type { PeerRun } from '../support/peers.ts';
import { createScratchFolder } from '../support/scratch.ts';
import { startStack } from '../support/stack.ts';
import type { TestStack } from '../support/stack.ts';

type Environment = Readonly<Record<string, string>>;

interface Repository {
  /** Runs these lines in the repository, with a token of dev@example.com. */
  readonly run: (lines: string, env?: Environment) => Promise<PeerRun>;
  /** What gitsign noted while it signed. */
  readonly notes: () => string;
}

const COMMIT = "git commit -q --allow-empty -m 'signed here'";
const exported = createScratchFolder('gitsign-exported');
let stack: TestStack;
/** The exported lines but for the last one, which verifies. */
let told: string;
let verify: string;

before(async () => {
  stack = await startStack();
  await isDone(runCountersign(['stack', 'export-config', '--data', stack.dataDir, '--output', exported]));
  const lines = readFileSync(join(exported, 'gitsign.sh'), 'utf8');
  [told = '', verify = ''] = lines.split(/^(?=gitsign verify )/m);
});
after(() => stack.close());

test('§11.6 #24 gitsign signs commits, and verifies them through the log', async (t) => {
  if (!requirePeer(t, 'gitsign')) return;
  const { run } = await openRepository(told);
  const env = { GITSIGN_REKOR_MODE: 'online' };
  await isDone(run(COMMIT, env));
  const said = await isDone(run(verify, env));
  assert.match(said, /Good signature from \[dev@example\.com\]/);
  assert.match(said, /Validated Git signature: true\nValidated Rekor entry: true\nValidated Certificate claims: true/);
});

test('§11.6 #24 gitsign signs commits and tags that hold their log entry, and verifies them without the log', async (t) => {
  if (!requirePeer(t, 'gitsign')) return;
  const { run } = await openRepository(told);
  const env = { GITSIGN_REKOR_MODE: 'offline' };
  await isDone(run(`${COMMIT}\ngit tag -s -m 'a release' v1`, env));
  // Nothing listens there.
  const alone = { ...env, GITSIGN_REKOR_URL: 'http://127.0.0.1:9', GITSIGN_FULCIO_URL: 'http://127.0.0.1:9' };
  assert.match(await isDone(run(verify, alone)), /Validated Certificate claims: true/);
  const verifyTag = verify.replace('gitsign verify', 'gitsign verify-tag').replace('HEAD', 'v1');
  assert.match(await isDone(run(verifyTag, alone)), /Validated Certificate claims: true/);
});

test('§11.6 #24 gitsign has its signatures stamped by the stack', async (t) => {
  if (!requirePeer(t, 'gitsign')) return;
  const { run } = await openRepository(told);
  const env = {
    GITSIGN_REKOR_MODE: 'offline',
    GITSIGN_TIMESTAMP_SERVER_URL: `${stack.url}/api/v1/timestamp`,
    GITSIGN_TIMESTAMP_CERT_CHAIN: join(exported, 'tsa_chain.pem'),
  };
  await isDone(run(COMMIT, env));
  assert.match(await isDone(run(verify, env)), /Validated Certificate claims: true/);
  const stranger = { ...env, GITSIGN_TIMESTAMP_CERT_CHAIN: join(exported, 'fulcio_chain.pem') };
  assert.notEqual((await run(verify, stranger)).status, 0, 'by another chain the stamp proves nothing');
});

test('§11.6 #24 gitsign takes everything from its caches once cosign 2 has initialized too', async (t) => {
  if (!requirePeer(t, 'gitsign', 'cosign-2')) return;
  const initialize = `cosign-2 initialize --mirror ${stack.url}/tuf --root ${stack.rootFile}`;
  const { run } = await openRepository(`${told.replaceAll(/^export .*$/gm, '')}\n${initialize}\n`);
  await isDone(run(COMMIT));
  assert.match(await isDone(run(verify)), /Validated Rekor entry: true\nValidated Certificate claims: true/);
});

test('gitsign refuses another identity, and a commit that was changed after it was signed', async (t) => {
  if (!requirePeer(t, 'gitsign')) return;
  const { run } = await openRepository(told);
  await isDone(run(COMMIT));
  const other = await run(verify, { IDENTITY: 'eve@example.com' });
  assert.notEqual(other.status, 0);
  assert.match(other.stderr, /none of the expected identities matched/);
  const change = "git cat-file commit HEAD | sed 's/^signed here$/signed nowhere/' > ../changed";
  const changed = await run(`${change}\ngit reset -q --hard $(git hash-object -t commit -w ../changed)\n${verify}`);
  assert.notEqual(changed.status, 0);
  assert.match(changed.stderr, /failed to verify detached signature/);
});

test('gitsign is told by the authority why a token will not do, and nothing is committed', async (t) => {
  if (!requirePeer(t, 'gitsign')) return;
  const { run, notes } = await openRepository(told);
  const [head, claims, signature = ''] = (await stack.token()).split('.');
  const forged = [head, claims, [...signature].toReversed().join('')].join('.');
  assert.notEqual((await run(COMMIT, { SIGSTORE_ID_TOKEN: forged })).status, 0);
  assert.match(notes(), /the token is not signed by the key/);
  assert.notEqual((await run('git rev-parse --verify HEAD')).status, 0);
});

/** An empty one, in whose shells these lines run first. */
async function openRepository(prelude: string): Promise<Repository> {
  const home = createScratchFolder('gitsign');
  const folder = join(home, 'repository');
  mkdirSync(folder);
  const who = { NAME: 'Developer', EMAIL: 'dev@example.com' };
  const env = {
    ...peerEnvironment(),
    PATH: `${dirname(requirePeerPath('gitsign'))}:${peerEnvironment()['PATH']}`,
    HOME: home,
    TUF_ROOT: join(home, 'tuf'),
    GIT_CONFIG_NOSYSTEM: '1',
    ...Object.fromEntries(Object.entries(who).map(([name, value]) => [`GIT_AUTHOR_${name}`, value])),
    ...Object.fromEntries(Object.entries(who).map(([name, value]) => [`GIT_COMMITTER_${name}`, value])),
    GITSIGN_LOG: join(home, 'notes'),
    SIGSTORE_ID_TOKEN: await stack.token(),
  };
  const shell = (lines: string, more: Environment = {}) => runShell(lines, { ...env, ...more }, folder);
  await isDone(shell('git init -q'));
  return {
    run: (lines, more) => shell(`${prelude}\n${lines}`, more),
    notes: () => readFileSync(join(home, 'notes'), 'utf8'),
  };
}

function runShell(lines: string, env: Environment, cwd: string): Promise<PeerRun> {
  const { promise, resolve } = Promise.withResolvers<PeerRun>();
  const child = execFile('sh', ['-euc', lines], { env, cwd, timeout: 30_000 }, (_error, stdout, stderr) =>
    resolve({ status: child.exitCode ?? -1, stdout, stderr }),
  );
  return promise;
}

/** All it said. */
async function isDone(run: Promise<PeerRun>): Promise<string> {
  const { status, stdout, stderr } = await run;
  assert.equal(status, 0, stderr);
  return `${stdout}${stderr}`;
}
