/** What scripts read from cosign's stdout, they read from ours: byte for byte, against the real programs. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { requirePeer, runPeer } from '../support/peers.ts';
import type { PeerName } from '../support/peers.ts';
import { openScene, password } from './scene.ts';
import type { Scene } from './scene.ts';

let scene: Scene;
before(async () => {
  scene = await openScene();
  const services = { rekorTlogConfig: {}, tsaConfig: {} };
  writeFileSync(
    join(scene.folder, 'no-services.json'),
    JSON.stringify({ mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json', ...services }),
  );
});
after(() => scene.close());

async function requireSameStdout(
  t: TestContext,
  peer: PeerName,
  ours: readonly string[],
  theirs: readonly string[] = ours,
): Promise<void> {
  const options = { cwd: scene.folder, env: { COSIGN_PASSWORD: password } };
  const [mine, cosigns] = await Promise.all([scene.run(ours), runPeer(peer, theirs, options)]);
  assert.equal(mine.status, cosigns.status, `${mine.stderr}\n${cosigns.stderr}`);
  assert.equal(mine.stdout, cosigns.stdout, `${t.name}: ${ours.join(' ')}`);
}

describe('stdout', () => {
  test('is that of cosign 2 for what cosign 2 signed', async (t) => {
    if (!requirePeer(t, 'cosign-2')) return;
    const { image } = await scene.push('cosign-2');
    await runPeer(
      'cosign-2',
      ['sign', '--key', 'cosign.key', '--tlog-upload=false', '-y', '-a', 'who=<me>&you', image],
      {
        cwd: scene.folder,
        env: { COSIGN_PASSWORD: password },
      },
    );
    const verify = ['verify', '--key', 'cosign.pub', '--insecure-ignore-tlog=true'];
    await requireSameStdout(t, 'cosign-2', [...verify, image]);
    await requireSameStdout(t, 'cosign-2', [...verify, '-a', 'who=<me>&you', image]);
    await requireSameStdout(t, 'cosign-2', [...verify, '-o', 'text', image]);
    await requireSameStdout(t, 'cosign-2', ['triangulate', image]);
    await requireSameStdout(t, 'cosign-2', ['triangulate', '--type=digest', image]);
    await requireSameStdout(t, 'cosign-2', ['tree', image]);
    await requireSameStdout(t, 'cosign-2', ['download', 'signature', image]);
    await requireSameStdout(t, 'cosign-2', ['public-key', '--key', 'cosign.key']);
    const { image: unsigned } = await scene.push('cosign-2-unsigned');
    await requireSameStdout(t, 'cosign-2', [...verify, unsigned]);
    await requireSameStdout(t, 'cosign-2', [...verify, `${scene.registry.host}/cosign-2:absent`]);
    await requireSameStdout(t, 'cosign-2', [...verify, '-a', 'who=else', image]);
  });

  test('is that of cosign 3 for what cosign 3 signed', async (t) => {
    if (!requirePeer(t, 'cosign-3')) return;
    const { image } = await scene.push('cosign-3');
    await runPeer(
      'cosign-3',
      ['sign', '--key', 'cosign.key', '--signing-config', 'no-services.json', '-y', '-a', 'build=7', image],
      {
        cwd: scene.folder,
        env: { COSIGN_PASSWORD: password },
      },
    );
    const verify = ['verify', '--key', 'cosign.pub', '--insecure-ignore-tlog=true'];
    await requireSameStdout(t, 'cosign-3', [...verify, image]);
    await requireSameStdout(t, 'cosign-3', [...verify, '-o', 'text', image]);
    await requireSameStdout(t, 'cosign-3', ['tree', image]);
    await requireSameStdout(t, 'cosign-3', ['download', 'signature', image]);
  });
});
