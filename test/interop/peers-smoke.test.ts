/** The real programs work here, each on its own: what later interoperability tests may build on. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { buildImage, buildIndex, pushImage, pushIndex } from '../support/image.ts';
import { requirePeer, runPeer } from '../support/peers.ts';
import type { PeerRun } from '../support/peers.ts';
import { registryPeers, startRegistry } from '../support/registries.ts';
import type { RegistryKind, TestRegistry } from '../support/registries.ts';
import { registryRequest } from '../support/registry-request.ts';
import { createStockKeys, stockClients } from '../support/stock-clients.ts';
import type { ImagePlace, StockClientName } from '../support/stock-clients.ts';

const repository = 'smoke/app';

const cells: readonly { client: StockClientName; kind: RegistryKind; leaves: 'sig' | 'fallback' | 'referrer' }[] = [
  { client: 'cosign-2', kind: 'docker', leaves: 'sig' },
  { client: 'cosign-2', kind: 'docker-locked', leaves: 'sig' },
  { client: 'cosign-2', kind: 'olareg', leaves: 'sig' },
  { client: 'cosign-3', kind: 'docker', leaves: 'fallback' },
  { client: 'cosign-3', kind: 'docker-locked', leaves: 'fallback' },
  { client: 'cosign-3', kind: 'ggcr', leaves: 'referrer' },
  { client: 'cosign-3', kind: 'olareg', leaves: 'referrer' },
  { client: 'skopeo', kind: 'docker', leaves: 'sig' },
  { client: 'skopeo', kind: 'docker-locked', leaves: 'sig' },
  { client: 'skopeo', kind: 'ggcr', leaves: 'sig' },
];

for (const { client, kind, leaves } of cells) {
  test(`${client} signs on ${kind}, verifies with that key, and refuses another`, async (t) => {
    if (!requirePeer(t, client, 'cosign-2', registryPeers[kind])) return;
    const { registry, image } = await pushedImage(kind);
    try {
      const [keys, others] = [await createStockKeys(), await createStockKeys()];
      assertStatus(await stockClients[client].verify(image, keys.publicFile), 'refused');
      assertStatus(await stockClients[client].sign(image, keys), 'accepted');
      assertStatus(await stockClients[client].verify(image, keys.publicFile), 'accepted');
      assertStatus(await stockClients[client].verify(image, others.publicFile), 'refused');
      assert.deepEqual(await traces(image), [leaves]);
    } finally {
      await registry.close();
    }
  });
}

test('oras reads an index and an image that were pushed without any client', async (t) => {
  if (!requirePeer(t, 'oras', 'olareg')) return;
  const { registry, image } = await pushedImage('olareg');
  try {
    const index = await pushIndex(registry, repository, 'multi', buildIndex('both'));
    const place = `${registry.host}/${repository}`;
    const resolve = await runPeer('oras', ['resolve', '--plain-http', `${place}:multi`]);
    assert.equal(resolve.stdout.trim(), index, resolve.stderr);
    const arm = await runPeer('oras', [
      'manifest',
      'fetch',
      '--plain-http',
      '--platform',
      'linux/arm64',
      `${place}:multi`,
    ]);
    assert.equal(arm.stdout, buildImage('both', 'arm64').manifest.bytes.toString(), arm.stderr);
    const discover = await runPeer('oras', [
      'discover',
      '--plain-http',
      '--format',
      'json',
      `${place}@${image.digest}`,
    ]);
    assert.equal(discover.status, 0, discover.stderr);
  } finally {
    await registry.close();
  }
});

async function pushedImage(kind: RegistryKind): Promise<{ registry: TestRegistry; image: ImagePlace }> {
  const registry = await startRegistry(kind);
  const digest = await pushImage(registry, repository, 'v1', buildImage('smoke'));
  return { registry, image: { registry, repository, digest } };
}

function assertStatus(run: PeerRun, wanted: 'accepted' | 'refused'): void {
  assert.equal(run.status === 0 ? 'accepted' : 'refused', wanted, run.stderr);
}

/** Which places a signature can be found in. */
async function traces({ registry, digest }: ImagePlace): Promise<string[]> {
  const tag = digest.replace(':', '-');
  const accept = 'application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json';
  const places = { sig: `manifests/${tag}.sig`, fallback: `manifests/${tag}`, referrer: `referrers/${digest}` };
  const found: string[] = [];
  for (const [name, path] of Object.entries(places)) {
    const answer = await registryRequest(registry, 'GET', `/v2/${repository}/${path}`, { headers: { accept } });
    if (answer.status === 200 && /"(?:layers|manifests)":\[\{/.test(answer.body.toString())) found.push(name);
  }
  return found;
}
