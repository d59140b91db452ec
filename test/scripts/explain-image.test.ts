/** explain of images, as typed. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { startFaultyProxy, wireFaults } from '../support/faulty-proxy.ts';
import type { PeerRun } from '../support/peers.ts';
import { openKeylessScene, who } from './keyless-scene.ts';
import type { KeylessScene } from './keyless-scene.ts';
import { jsonOf } from './scene.ts';

const root = ['--trusted-root', 'trusted_root.json'];
const SLSA = 'https://slsa.dev/provenance/v1';

interface Source {
  readonly form: string;
  readonly status: string;
  readonly foundCount: number;
  readonly error?: { readonly code: string };
}

let scene: KeylessScene;
before(async () => {
  scene = await openKeylessScene();
});
after(() => scene.close());

function sourcesOf(run: PeerRun): { readonly signatures: readonly Source[]; readonly attestations: readonly Source[] } {
  return jsonOf(run)['sources'] as { readonly signatures: readonly Source[]; readonly attestations: readonly Source[] };
}

describe('explain of an image', { concurrency: 3 }, () => {
  test('its signatures and attestations are explained, and absences have their exit status', async () => {
    const { image, digest } = await scene.push('explained');
    assert.equal((await scene.run(['explain', ...root, image])).status, 10);
    await scene.attachLayer(image, digest);
    await scene.attachBundle(image, digest);
    await scene.attachBundle(image, digest, SLSA);
    const { status, stdout } = await scene.run(['explain', ...root, image]);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /@sha256:[0-9a-f]{64}: signatures 2, attestations 1$/m);
    assert.match(stdout, /^ {2}predicate type +https:\/\/slsa\.dev\/provenance\/v1$/m);
    assert.equal((await scene.run(['explain', ...root, `${scene.registry.host}/explained:none`])).status, 11);
    const accepted = await scene.run(['explain', ...root, ...who, image]);
    assert.equal(accepted.status, 0, accepted.stdout);
    assert.match(accepted.stdout, /^policy: accepts 2 of 2 signatures of the image$/m);
  });

  test('the JSON says of every place what was found there', async () => {
    const { image, digest } = await scene.push('explained-places');
    await scene.attachLayer(image, digest);
    const { signatures, attestations } = sourcesOf(await scene.run(['explain', ...root, image, '--json']));
    const told = (sources: readonly Source[]): unknown[] =>
      sources.map(({ form, status, foundCount }) => [form, status, foundCount]);
    assert.deepEqual(told(signatures), [
      ['legacy', 'found', 1],
      ['bundle', 'absent', 0],
    ]);
    assert.deepEqual(told(attestations), [
      ['legacy', 'absent', 0],
      ['bundle', 'absent', 0],
    ]);
  });

  test('an attestation that the policy accepts does not make the image accepted', async () => {
    const { image, digest } = await scene.push('explained-attested');
    await scene.attachBundle(image, digest, SLSA);
    assert.equal((await scene.run(['explain', ...root, image])).status, 0);
    const { status, stdout } = await scene.run(['explain', ...root, ...who, image]);
    assert.equal(status, 10, stdout);
    assert.match(stdout, /^policy: no signature of the image to judge/m);
    assert.match(stdout, /^policy: accepts this signature$/m);
  });

  test('a place that cannot be read is told, and nothing is concluded from its silence', async (t) => {
    const { digest } = await scene.push('explained-broken');
    const proxy = await startFaultyProxy(t, scene.address);
    const image = `${proxy.host}/explained-broken:v1`;
    await scene.attachLayer(`${scene.registry.host}/explained-broken:v1`, digest);
    const broken = wireFaults['403'];
    assert.ok(broken !== undefined);
    proxy.break(broken, ({ path }) => path.includes('/referrers/') || path.endsWith(`/sha256-${digest.slice(7)}`));
    const run = await scene.run(['explain', ...root, image]);
    assert.equal(run.status, 20, run.stdout + run.stderr);
    assert.match(run.stdout, /signatures 1, attestations 0$/m);
    assert.match(run.stdout, /^ {2}UNKNOWN Read referrers of /m);
    const { signatures } = sourcesOf(await scene.run(['explain', ...root, image, '--json']));
    const unreachable = signatures.find(({ status }) => status === 'unreachable');
    assert.ok(unreachable?.error !== undefined);
  });
});
