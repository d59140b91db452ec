/** A missing peer is named, and fails the run where peers are required: it is never skipped in silence. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { peerReport, requirePeer, runPeer } from '../support/peers.ts';
import { createScratchFolder } from '../support/scratch.ts';

const support = new URL('../support/peers.ts', import.meta.url).href;
const program = `
  import test from 'node:test';
  import { peerReport, requirePeer } from '${support}';
  test('needs oras', (t) => { if (requirePeer(t, 'oras')) throw new Error('reached'); });
  console.log(JSON.stringify(peerReport().missing));
`;

test('a test whose peer is missing is skipped with the name of the peer and the recorded reason', () => {
  const { status, stdout } = runWithoutPeers({});
  assert.equal(status, 0, stdout);
  assert.match(stdout, /SKIP peer oras is missing: forky lacks one of: oras/);
  assert.match(stdout, /"name":"skopeo","why":"not installed: run tools\/install-peers.sh"/);
});

test('where peers are required, a missing one fails the test by name', () => {
  const { status, stdout } = runWithoutPeers({ COUNTERSIGN_REQUIRE_PEERS: '1' });
  assert.equal(status, 1, stdout);
  assert.match(stdout, /not ok 1 - needs oras/);
  assert.match(stdout, /peer oras is missing: forky lacks one of: oras/);
});

test('every peer that is reported as present runs', async (t) => {
  const versionArgs = { 'cosign-2': 'version', 'cosign-3': 'version', oras: 'version', skopeo: '--version' } as const;
  for (const [name, arg] of Object.entries(versionArgs) as [keyof typeof versionArgs, string][]) {
    if (!requirePeer(t, name)) return;
    const { status, stderr } = await runPeer(name, [arg]);
    assert.equal(status, 0, `${name}: ${stderr}`);
  }
  for (const { name, version } of peerReport().present) t.diagnostic(`peer ${name} ${version}`);
});

test('a peer that does not end in time is ended, and said to be late', async (t) => {
  if (!requirePeer(t, 'ggcr-registry')) return;
  const run = runPeer('ggcr-registry', ['127.0.0.1:0', createScratchFolder('late')], { timeoutMs: 200 });
  await assert.rejects(run, /ggcr-registry 127\.0\.0\.1:0: no end after 200 ms/);
});

/** Runs `program` with a table in which oras is recorded as missing and the other peers are not named at all. */
function runWithoutPeers(env: Readonly<Record<string, string>>): { status: number | null; stdout: string } {
  const folder = createScratchFolder('no-peers');
  writeFileSync(join(folder, 'peers.tsv'), 'oras\tmissing\t-\tforky lacks one of: oras\n');
  const { NODE_TEST_CONTEXT: _ours, COUNTERSIGN_REQUIRE_PEERS: _theirs, ...rest } = process.env;
  return spawnSync(process.execPath, ['--no-warnings', '--test-reporter=tap', '--input-type=module', '-e', program], {
    env: { ...rest, COUNTERSIGN_PEERS: folder, ...env },
    encoding: 'utf8',
    timeout: 20_000,
  });
}
