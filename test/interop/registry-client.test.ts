/** Our registry client against real registries: what one of them does otherwise than the specification shows here. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { utf8Of } from '../../src/base/bytes.ts';
import type { Credentials } from '../../src/clients/credentials/credentials.ts';
import { openRegistryClient } from '../../src/clients/registry/open-registry-client.ts';
import type { Digest } from '../../src/formats/oci/digest.ts';
import { mediaTypes } from '../../src/formats/oci/media-type.ts';
import { parseReference, parseRepository } from '../../src/formats/oci/reference.ts';
import { hasCode } from '../support/error-code.ts';
import { requirePeer } from '../support/peers.ts';
import { registryPeers, startRegistry } from '../support/registries.ts';
import type { RegistryKind, TestRegistry } from '../support/registries.ts';
import { createTestRuntime } from '../support/test-runtime.ts';

const kinds: readonly RegistryKind[] = ['docker', 'docker-locked', 'ggcr', 'olareg'];

function clientFor(
  t: Parameters<typeof createTestRuntime>[0],
  registry: TestRegistry,
  credentials = credentialsOf(registry),
): ReturnType<typeof openRegistryClient> {
  const tls = registry.caFile === undefined ? {} : { tls: { caPem: readFileSync(registry.caFile, 'utf8') } };
  const settings = {
    credentials: { credentialsFor: async () => credentials },
    userAgent: 'countersign/test',
    idleTimeoutMs: 10_000,
  };
  return openRegistryClient({ ...settings, ...tls }, createTestRuntime(t));
}

function credentialsOf({ username, password }: TestRegistry): Credentials | undefined {
  return username === undefined || password === undefined
    ? undefined
    : { kind: 'password', username, password, foundIn: 'a test' };
}

for (const kind of kinds) {
  test(`${kind}: blobs, manifests, referrers, tags, copies and deletions`, async (t) => {
    if (!requirePeer(t, registryPeers[kind])) return;
    const registry = await startRegistry(kind);
    t.after(registry.close);
    const client = clientFor(t, registry);
    const repository = parseRepository(`${registry.host}/demo/app`);
    const other = parseRepository(`${registry.host}/demo/other`);

    await assert.rejects(client.fetchImage(parseReference(`${registry.host}/demo/app:v1`)), hasCode('IMAGE_NOT_FOUND'));
    const config = await client.putBlob(repository, utf8Of('{}'));
    const layer = await client.putBlob(repository, randomBytes(3_000_000));
    assert.deepEqual(await client.putBlob(repository, utf8Of('{}')), config);
    assert.equal((await client.fetchBlob(repository, layer, 4_000_000)).length, 3_000_000);

    const manifestOf = (rest: object): Uint8Array =>
      utf8Of(
        JSON.stringify({
          schemaVersion: 2,
          mediaType: mediaTypes.ociManifest,
          config: { mediaType: mediaTypes.ociEmpty, ...config },
          layers: [{ mediaType: mediaTypes.ociLayerGzip, ...layer }],
          ...rest,
        }),
      );
    const image = manifestOf({});
    const digest = await client.putManifest(repository, 'v1', image, mediaTypes.ociManifest);
    for (const name of ['demo/app:v1', `demo/app@${digest}`]) {
      assert.equal((await client.fetchImage(parseReference(`${registry.host}/${name}`))).digest, digest);
    }

    const descriptor = { mediaType: mediaTypes.ociManifest, digest, size: image.length };
    assert.deepEqual(await client.fetchReferrers(repository, digest), {
      hasApi: registry.hasReferrers,
      descriptors: [],
      isCapped: false,
    });
    const signature = await client.putManifest(
      repository,
      undefined,
      manifestOf({ subject: descriptor, artifactType: 'test/signature' }),
      mediaTypes.ociManifest,
    );
    const index = utf8Of(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: mediaTypes.ociIndex,
        manifests: [{ ...descriptor, digest: signature }],
      }),
    );
    if (!registry.hasReferrers)
      await client.putManifest(repository, digest.replace(':', '-'), index, mediaTypes.ociIndex);
    const referrers = await client.fetchReferrers(repository, digest);
    assert.deepEqual(
      referrers.descriptors.map((each): Digest => each.digest),
      [signature],
    );
    assert.equal(referrers.hasApi, registry.hasReferrers);

    await client.copyBlob(repository, other, layer, { onBytes: () => undefined });
    await client.copyBlob(repository, other, layer, { onBytes: () => undefined });
    assert.equal((await client.fetchBlob(other, layer, 4_000_000)).length, 3_000_000);

    const marker = await client.putManifest(
      repository,
      'marker',
      manifestOf({ annotations: { a: 'b' } }),
      mediaTypes.ociManifest,
    );
    assert.deepEqual(await client.listTags(repository, 'm'), ['marker']);
    assert.deepEqual(await client.listTags(parseRepository(`${registry.host}/demo/none`), 'm'), []);
    assert.equal(await client.deleteTag(repository, 'marker', marker), true);
    assert.equal(await client.deleteTag(repository, 'marker', marker), true);
    assert.equal(await client.fetchManifest(repository, 'marker'), undefined);
    assert.equal(await client.deleteManifest(repository, digest), true);
    assert.equal(await client.fetchManifest(repository, digest), undefined);
  });
}

test('a blob is streamed from one registry to another, into TLS and a password', async (t) => {
  if (!requirePeer(t, 'docker-registry') || !requirePeer(t, 'olareg')) return;
  const [from, to] = await Promise.all([startRegistry('olareg'), startRegistry('docker-locked')]);
  t.after(() => Promise.all([from.close(), to.close()]));
  const client = clientFor(t, to);
  const [source, target] = [parseRepository(`${from.host}/demo/app`), parseRepository(`${to.host}/demo/app`)];
  const layer = await clientFor(t, from).putBlob(source, randomBytes(5_000_000));
  let bytes = 0;
  await client.copyBlob(source, target, layer, { onBytes: (count) => void (bytes += count) });
  assert.equal(bytes, 5_000_000);
  assert.equal((await client.fetchBlob(target, layer, 5_000_000)).length, 5_000_000);
});

test('a locked registry denies strangers and wrong passwords', async (t) => {
  if (!requirePeer(t, 'docker-registry')) return;
  const registry = await startRegistry('docker-locked');
  t.after(registry.close);
  const image = parseReference(`${registry.host}/demo/app:v1`);
  const { username: _username, ...stranger } = registry;
  await assert.rejects(clientFor(t, stranger).fetchImage(image), hasCode('REGISTRY_DENIED'));
  const wrong: Credentials = { kind: 'password', username: 'countersign', password: 'guess', foundIn: 'a test' };
  await assert.rejects(clientFor(t, registry, wrong).fetchImage(image), hasCode('REGISTRY_DENIED'));
});
