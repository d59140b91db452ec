/** What ours signs by identity (and by key, logged), cosign 2 and 3 verify: images in both forms, attestations, files. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { requirePeer, runPeer } from '../support/peers.ts';
import type { PeerName, PeerRun } from '../support/peers.ts';
import { pemOf } from '../support/virtual-sigstore/virtual-key.ts';
import { openSigningScene } from '../scripts/signing-scene.ts';
import type { SigningScene } from '../scripts/signing-scene.ts';

const TYPE = 'https://example.test/p';

/** How a cosign is told whom to trust, and which form it reads. */
interface Reader {
  readonly peer: PeerName;
  readonly form: string;
  readonly image: readonly string[];
  readonly attestation: readonly string[];
}

const stamps = ['--use-signed-timestamps', '--timestamp-certificate-chain', 'tsa.pem'];
const rooted = ['--trusted-root', 'root.json', '--use-signed-timestamps'];
const readers: readonly Reader[] = [
  { peer: 'cosign-2', form: 'the tag', image: ['--offline', ...stamps], attestation: ['--offline', ...stamps] },
  { peer: 'cosign-3', form: 'the bundle', image: rooted, attestation: rooted },
  {
    peer: 'cosign-3',
    form: 'the tag',
    image: [...rooted, '--new-bundle-format=false'],
    attestation: [...rooted, '--new-bundle-format=false'],
  },
];

async function openStampedScene(t: TestContext): Promise<SigningScene> {
  const scene = await openSigningScene(t);
  const { sigstore, stampUrl } = scene.served;
  const chainOf = (chain: readonly Buffer[]): string => chain.map((der) => pemOf('CERTIFICATE', der)).join('');
  scene.write('ca.pem', chainOf(sigstore.authority.chain));
  scene.write('tsa.pem', chainOf(sigstore.timestampAuthority.chain));
  scene.write('rekor.pub', pemOf('PUBLIC KEY', sigstore.rekorV1.key.spki));
  scene.write('ctfe.pub', pemOf('PUBLIC KEY', sigstore.ctLog.key.spki));
  scene.write('predicate.json', '{"passed":true}');
  return { ...scene, services: [...scene.services, '--timestamp-server-url', stampUrl] };
}

/** cosign 2 knows no trusted root for images: these files say the same. */
const parts = {
  SIGSTORE_ROOT_FILE: 'ca.pem',
  SIGSTORE_REKOR_PUBLIC_KEY: 'rekor.pub',
  SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: 'ctfe.pub',
};

const ask = ({ folder }: SigningScene, peer: PeerName, args: readonly string[]): Promise<PeerRun> =>
  runPeer(peer, [...args], { cwd: folder, env: peer === 'cosign-2' ? parts : {}, timeoutMs: 60_000 });

const requireOk = (run: PeerRun): void => assert.equal(run.status, 0, run.stderr);

for (const { peer, form, image, attestation } of readers) {
  test(`${peer} verifies images and attestations of ours in ${form}`, async (t) => {
    if (!requirePeer(t, peer)) return;
    const scene = await openStampedScene(t);
    const { run, services, who } = scene;
    const { byDigest } = await scene.push('app/web');
    const byIdentity = [...services, '--identity-token', 'token'];
    requireOk(await run(['sign', ...byIdentity, byDigest]));
    requireOk(await run(['attest', '--type', TYPE, '--predicate', 'predicate.json', ...byIdentity, byDigest]));
    const other = ['--certificate-identity', 'boss@example.test', ...who.slice(2)];
    for (const [command, terms] of [
      [['verify'], image],
      [['verify-attestation', '--type', TYPE], attestation],
    ] as const) {
      const args = [...command, '--allow-http-registry', ...terms];
      requireOk(await ask(scene, peer, [...args, ...who, byDigest]));
      assert.notEqual((await ask(scene, peer, [...args, ...other, byDigest])).status, 0);
    }
  });

  test(`${peer} verifies images of ours by key and log in ${form}`, async (t) => {
    if (!requirePeer(t, peer)) return;
    const scene = await openStampedScene(t);
    const { byDigest } = await scene.push('app/web');
    const [, , ...logged] = scene.services;
    requireOk(await scene.run(['sign', '--key', 'cosign.key', ...logged, byDigest]));
    const args = ['verify', '--key', 'cosign.pub', '--allow-http-registry', ...image];
    requireOk(await ask(scene, peer, [...args, byDigest]));
  });
}

test('cosign 2 and 3 verify files of ours, in the bundles of both generations', async (t) => {
  if (!requirePeer(t, 'cosign-2', 'cosign-3')) return;
  const scene = await openStampedScene(t);
  const { run, services, who } = scene;
  const sign = ['sign-blob', ...services, '--identity-token', 'token'];
  requireOk(await run([...sign, '--bundle', 'new.json', 'app.txt']));
  requireOk(await run([...sign, '--bundle', 'old.json', '--new-bundle-format=false', 'app.txt']));
  const isNew = ['--new-bundle-format', '--trusted-root', 'root.json'];
  requireOk(await ask(scene, 'cosign-2', ['verify-blob', '--offline', '--bundle', 'old.json', ...who, 'app.txt']));
  requireOk(await ask(scene, 'cosign-2', ['verify-blob', ...isNew, '--bundle', 'new.json', ...who, 'app.txt']));
  const third = ['verify-blob', '--trusted-root', 'root.json', '--bundle', 'new.json'];
  requireOk(await ask(scene, 'cosign-3', [...third, ...who, 'app.txt']));
  scene.write('other.txt', 'another application\n');
  assert.notEqual((await ask(scene, 'cosign-3', [...third, ...who, 'other.txt'])).status, 0);
});
