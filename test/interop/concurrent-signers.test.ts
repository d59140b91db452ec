/** Sixteen processes sign one image of a real registry at the same time: all sixteen signatures are kept, in both forms,
 *  and no marker is left. One process alone leaves just the tags that cosign would. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCountersign } from '../support/countersign.ts';
import { buildImage, pushImage } from '../support/image.ts';
import { requirePeer } from '../support/peers.ts';
import { registryPeers, startRegistry } from '../support/registries.ts';
import type { RegistryKind, TestRegistry } from '../support/registries.ts';
import { registryRequest } from '../support/registry-request.ts';
import { createScratchFolder } from '../support/scratch.ts';

const signers = 16;
const repository = 'app/web';
const env = { COSIGN_PASSWORD: '' };
const manifestTypes = 'application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json';
/** docker has no referrers API, the others do. */
const kinds: readonly RegistryKind[] = ['docker', 'olareg', 'ggcr'];

for (const kind of kinds) {
  test(`${signers} processes at once leave ${signers} signatures in both forms on ${kind}`, async (t) => {
    if (!requirePeer(t, registryPeers[kind])) return;
    const registry = await startRegistry(kind);
    t.after(registry.close);
    const keys = await createKeys(signers);
    const digest = await pushImage(registry, repository, 'v1', buildImage('concurrent'));
    const image = `${registry.host}/${repository}@${digest}`;

    const runs = await Promise.all(
      keys.map((key) => runCountersign(['sign', '--yes', '--key', `${key}.key`, image], { env, timeoutMs: 180_000 })),
    );

    assert.deepEqual(
      runs.filter(({ status }) => status !== 0),
      [],
    );
    assert.deepEqual(await tagsOf(registry), expectedTags(registry, digest));
    assert.equal((await manifestOf(registry, `${tagOf(digest)}.sig`)).layers?.length, signers);
    assert.equal((await referrersOf(registry, digest)).length, signers);
    await requireVerified(keys, image);
  });

  test(`one process leaves the tags that cosign would on ${kind}`, async (t) => {
    if (!requirePeer(t, registryPeers[kind])) return;
    const registry = await startRegistry(kind);
    t.after(registry.close);
    const [key] = await createKeys(1);
    const digest = await pushImage(registry, repository, 'v1', buildImage('alone'));
    const run = await runCountersign(['sign', '--yes', '--key', `${key}.key`, `${registry.host}/${repository}:v1`], {
      env,
    });
    assert.equal(run.status, 0, run.stderr);
    assert.deepEqual(await tagsOf(registry), expectedTags(registry, digest));
  });
}

/** All keys must have signed: a threshold counts distinct keys. */
async function requireVerified(keys: readonly string[], image: string): Promise<void> {
  const given = keys.flatMap((key) => ['--key', `${key}.pub`]);
  const run = await runCountersign(['verify', ...given, '--threshold', String(keys.length), image], { env });
  assert.equal(run.status, 0, run.stderr);
}

/** Paths without their endings. */
async function createKeys(count: number): Promise<readonly string[]> {
  const folder = createScratchFolder('concurrent-keys');
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const prefix = join(folder, `signer${index}`);
      const run = await runCountersign(['generate-key-pair', '--output-key-prefix', prefix], { env });
      assert.equal(run.status, 0, run.stderr);
      assert.ok(readFileSync(`${prefix}.pub`).length > 0);
      return prefix;
    }),
  );
}

function tagOf(digest: string): string {
  return digest.replace(':', '-');
}

function expectedTags(registry: TestRegistry, digest: string): readonly string[] {
  return [...(registry.hasReferrers ? [] : [tagOf(digest)]), `${tagOf(digest)}.sig`, 'v1'];
}

interface RawManifest {
  readonly layers?: readonly unknown[];
  readonly manifests?: readonly unknown[];
}

async function manifestOf(registry: TestRegistry, reference: string): Promise<RawManifest> {
  return jsonOf<RawManifest>(registry, `/v2/${repository}/manifests/${reference}`);
}

async function referrersOf(registry: TestRegistry, digest: string): Promise<readonly unknown[]> {
  const index = registry.hasReferrers
    ? await jsonOf<RawManifest>(registry, `/v2/${repository}/referrers/${digest}`)
    : await manifestOf(registry, tagOf(digest));
  return index.manifests ?? [];
}

async function tagsOf(registry: TestRegistry): Promise<readonly string[]> {
  return (await jsonOf<{ readonly tags: readonly string[] }>(registry, `/v2/${repository}/tags/list`)).tags.toSorted();
}

async function jsonOf<T>(registry: TestRegistry, path: string): Promise<T> {
  const answer = await registryRequest(registry, 'GET', path, { headers: { accept: manifestTypes } });
  assert.equal(answer.status, 200, path);
  return JSON.parse(answer.body.toString()) as T;
}
