/** The lines that README shows for a private Sigstore, as they stand there, in a network that has nothing but loopback. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { countersignEnvironment, mainFile } from '../support/countersign.ts';
import { requirePeer, requirePeerPath } from '../support/peers.ts';
import { createScratchFolder } from '../support/scratch.ts';

const root = join(import.meta.dirname, '..', '..');
const [, start = '', lines = ''] =
  /## A private Sigstore\n\n```sh\n(.*?)\n```.*?```sh\n(.*?)\n```/s.exec(
    readFileSync(join(root, 'README.md'), 'utf8'),
  ) ?? [];

/** Why no network of one's own can be had here; undefined where it can. */
function namespaceFault(): string | undefined {
  const run = spawnSync('unshare', ['-rn', 'ip', 'link', 'set', 'lo', 'up'], { encoding: 'utf8', timeout: 10_000 });
  return run.status === 0 ? undefined : `no network namespace can be made here: ${run.error?.message ?? run.stderr}`;
}

for (const cosign of ['cosign-2', 'cosign-3'] as const) {
  test(`README's lines sign an image keyless, and ${cosign} verifies it, with no network but loopback`, (t) => {
    if (!requirePeer(t, cosign)) return;
    const fault = namespaceFault();
    if (fault !== undefined) {
      if (process.env['COUNTERSIGN_REQUIRE_PEERS'] === '1') throw new Error(fault);
      return t.skip(fault);
    }
    assert.equal(start, './countersign up --dev');
    assert.equal(lines.split('\n').length, 5);
    const folder = createScratchFolder('readme');
    mkdirSync(join(folder, 'bin'));
    symlinkSync(requirePeerPath(cosign), join(folder, 'bin', 'cosign'));
    writeFileSync(join(folder, 'countersign'), `#!/bin/sh\nexec '${process.execPath}' '${mainFile}' "$@"\n`, {
      mode: 0o755,
    });
    const script = [
      'set -eu',
      'ip link set lo up',
      `${start} 2>log & stack=$!`,
      "trap 'kill $stack; wait $stack' EXIT",
      'until ./countersign stack status >/dev/null 2>&1; do kill -0 $stack; sleep 0.2; done',
      lines,
    ].join('\n');
    // Both programs keep their trust where they do by themselves: below HOME.
    const { PATH: path = '', TUF_ROOT: _, ...env }: Record<string, string> = countersignEnvironment();
    const run = spawnSync('unshare', ['-rn', 'sh', '-c', script], {
      cwd: folder,
      env: { ...env, HOME: folder, PATH: `${join(folder, 'bin')}:${path}` },
      encoding: 'utf8',
      timeout: 60_000,
    });
    assert.equal(run.status, 0, `${run.stdout}${run.stderr}`);
    assert.match(run.stdout + run.stderr, /The code-signing certificate was verified/);
  });
}
