/** What cosign 2 and 3 attest about images and files, ours verifies, and prints what they print. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';

import { runCountersign } from '../support/countersign.ts';
import { buildImage, pushImage } from '../support/image.ts';
import { requirePeer, runPeer } from '../support/peers.ts';
import type { PeerName, PeerRun } from '../support/peers.ts';
import { registryPeers, startRegistry } from '../support/registries.ts';
import type { RegistryKind } from '../support/registries.ts';
import { createScratchFolder } from '../support/scratch.ts';

const password = 'correct horse';
const environment = { COSIGN_PASSWORD: password };
const folder = createScratchFolder('attestations');
const inFolder = { cwd: folder, env: environment, timeoutMs: 60_000 };
const TYPE = 'https://example.com/tested';

/** One way in which a real program attests. */
interface Way {
  readonly peer: PeerName;
  readonly form: string;
  readonly sign: readonly string[];
  readonly verify: readonly string[];
}

const rooted = ['--trusted-root', 'root.json'];
const ways: readonly Way[] = [
  { peer: 'cosign-2', form: 'tag', sign: ['--tlog-upload=false'], verify: [] },
  {
    peer: 'cosign-3',
    form: 'tag',
    sign: ['--use-signing-config=false', '--new-bundle-format=false', '--tlog-upload=false', ...rooted],
    verify: rooted,
  },
  { peer: 'cosign-3', form: 'bundle', sign: ['--signing-config', 'signing.json', ...rooted], verify: rooted },
];

before(async () => {
  for (const [name, value] of Object.entries({
    'root.json': { mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1' },
    'signing.json': {
      mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
      rekorTlogConfig: {},
      tsaConfig: {},
    },
    'predicate.json': { passed: true, note: '<b>&c', of: 'é' },
    'file.txt': 'a file',
  })) {
    writeFileSync(join(folder, name), JSON.stringify(value));
  }
  for (const prefix of ['own', 'other']) {
    requireOk(await runCountersign(['generate-key-pair', '--output-key-prefix', prefix], inFolder));
  }
});

function requireOk(run: PeerRun): PeerRun {
  assert.equal(run.status, 0, run.stderr);
  return run;
}

const attestArgs = (command: string, way: Way, type: string, ...rest: readonly string[]): string[] => [
  command,
  '--yes',
  '--key=own.key',
  '--predicate=predicate.json',
  `--type=${type}`,
  ...way.sign,
  ...rest,
];

const linesOf = ({ stdout }: PeerRun): readonly string[] => stdout.split('\n').toSorted();

for (const kind of ['docker', 'ggcr', 'olareg'] satisfies readonly RegistryKind[]) {
  for (const way of ways) {
    test(`${way.peer} attests on ${kind} (${way.form}): ours verifies and prints the same`, async (t) => {
      if (!requirePeer(t, way.peer, registryPeers[kind])) return;
      const registry = await startRegistry(kind);
      t.after(() => registry.close());
      const digest = await pushImage(registry, 'app/web', 'v1', buildImage(`${way.peer} ${way.form}`));
      const image = `${registry.host}/app/web@${digest}`;
      for (const type of ['custom', TYPE, TYPE]) {
        requireOk(await runPeer(way.peer, attestArgs('attest', way, type, image), inFolder));
      }
      for (const [type, key, status] of [
        ['custom', 'own.pub', 0],
        [TYPE, 'own.pub', 0],
        ['spdx', 'own.pub', 12],
        [TYPE, 'other.pub', 12],
      ] as const) {
        const args = ['verify-attestation', '--key', key, '--insecure-ignore-tlog=true', '--type', type];
        const [mine, theirs] = [
          await runCountersign([...args, image], inFolder),
          await runPeer(way.peer, [...args, ...way.verify, image], inFolder),
        ];
        assert.equal(mine.status, status, mine.stderr);
        assert.equal(theirs.status === 0, status === 0, theirs.stderr);
        // Byte for byte; the order of bundles is the registry's, and one of them lists them in no order.
        assert.deepEqual(linesOf(mine), linesOf(theirs));
        const found = `none of the attestations matched the predicate type: spdx, found: `;
        if (type === 'spdx') assert.ok(mine.stderr.includes(found) && theirs.stderr.includes(found), theirs.stderr);
      }
    });
  }
}

for (const way of ways) {
  test(`${way.peer} attests a file (${way.form}): ours verifies`, async (t) => {
    if (!requirePeer(t, way.peer)) return;
    const bundle = `${way.peer}-${way.form}.json`;
    requireOk(await runPeer(way.peer, attestArgs('attest-blob', way, TYPE, '--bundle', bundle, 'file.txt'), inFolder));
    const verify = (key: string, type: string, file: string): Promise<PeerRun> =>
      runCountersign(['verify-blob-attestation', '--key', key, '--bundle', bundle, '--type', type, file], inFolder);
    assert.match(requireOk(await verify('own.pub', TYPE, 'file.txt')).stderr, /^Verified OK$/m);
    assert.equal((await verify('other.pub', TYPE, 'file.txt')).status, 1);
    assert.equal((await verify('own.pub', 'custom', 'file.txt')).status, 1);
    assert.equal((await verify('own.pub', TYPE, 'predicate.json')).status, 1);
  });
}

test('cosign 2 attests a file as an envelope: ours verifies', async (t) => {
  const [way] = ways;
  if (way === undefined || !requirePeer(t, way.peer)) return;
  const args = attestArgs('attest-blob', way, TYPE, '--output-signature', 'envelope.json', 'file.txt');
  requireOk(await runPeer(way.peer, args, inFolder));
  const verify = ['verify-blob-attestation', '--key', 'own.pub', '--type', TYPE, '--signature', 'envelope.json'];
  requireOk(await runCountersign([...verify, 'file.txt'], inFolder));
  assert.equal((await runCountersign([...verify, 'predicate.json'], inFolder)).status, 1);
});
