import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';

import { limits } from '../../base/limits.ts';
import { startEmbedded } from '../../../test/support/embedded-registry.ts';
import {
  buildImage,
  buildIndex,
  contentOf,
  descriptorOf,
  jsonContentOf,
  pushBlob,
  pushImage,
  pushIndex,
  pushManifest,
} from '../../../test/support/image.ts';
import type { Content } from '../../../test/support/image.ts';
import type { TestRegistry } from '../../../test/support/registries.ts';
import { registryRequest } from '../../../test/support/registry-request.ts';
import type { RegistryAnswer, RegistryContent } from '../../../test/support/registry-request.ts';

let registry: TestRegistry;
before(async () => {
  registry = await startEmbedded();
});
after(() => registry.close());

const ask = (method: string, path: string, content: RegistryContent = {}): Promise<RegistryAnswer> =>
  registryRequest(registry, method, path, content);
const codeOf = ({ body }: RegistryAnswer): unknown =>
  (JSON.parse(body.toString()) as { errors: { code: string }[] }).errors[0]?.code;
const put = (name: string, reference: string, { bytes, mediaType }: Content): Promise<RegistryAnswer> =>
  ask('PUT', `/v2/${name}/manifests/${reference}`, { body: bytes, headers: { 'content-type': mediaType } });
const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
const ociIndex = 'application/vnd.oci.image.index.v1+json';

test('blobs come as octet-stream that no browser runs, whole or in part, small or large', async () => {
  for (const size of [0, 5, 300 * 1024]) {
    const blob = contentOf('text/html', Buffer.alloc(size, '<html>'));
    await pushBlob(registry, 'blobs', blob);
    const path = `/v2/blobs/blobs/${blob.digest}`;
    const whole = await ask('GET', path);
    assert.deepEqual(whole.body, blob.bytes);
    assert.equal(whole.headers['content-type'], 'application/octet-stream');
    assert.equal(whole.headers['x-content-type-options'], 'nosniff');
    assert.equal(whole.headers['content-security-policy'], "sandbox; default-src 'none'");
    assert.equal(whole.headers['docker-content-digest'], blob.digest);
    const head = await ask('HEAD', path);
    assert.deepEqual([head.status, head.headers['content-length'], head.body.length], [200, `${size}`, 0]);
    const outside = await ask('GET', path, { headers: { range: `bytes=${size}-` } });
    assert.deepEqual([outside.status, outside.headers['content-range']], [416, `bytes */${size}`]);
    if (size > 0) {
      const part = await ask('GET', path, { headers: { range: 'bytes=1-3' } });
      assert.deepEqual([part.status, part.headers['content-range']], [206, `bytes 1-3/${size}`]);
      assert.deepEqual(part.body, blob.bytes.subarray(1, 4));
    }
  }
});

test('a repository serves only what was pushed to it', async () => {
  const image = buildImage('only here');
  const digest = await pushImage(registry, 'here', 'v1', image);
  for (const blob of image.blobs) {
    assert.equal(codeOf(await ask('GET', `/v2/elsewhere/blobs/${blob.digest}`)), 'BLOB_UNKNOWN');
  }
  assert.equal(codeOf(await ask('GET', `/v2/elsewhere/manifests/${digest}`)), 'MANIFEST_UNKNOWN');
  assert.equal(codeOf(await ask('GET', `/v2/here/blobs/${digest}`)), 'BLOB_UNKNOWN', 'a manifest is not a blob');
});

test('a manifest comes back byte by byte with its type, by tag and by digest', async () => {
  const { manifest } = buildImage('round trip');
  const digest = await pushImage(registry, 'round', 'v1', buildImage('round trip'));
  for (const reference of ['v1', digest]) {
    const { status, headers, body } = await ask('GET', `/v2/round/manifests/${reference}`);
    assert.equal(status, 200);
    assert.deepEqual(body, manifest.bytes);
    assert.equal(headers['content-type'], ociManifest);
    assert.equal(headers['docker-content-digest'], digest);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    const head = await ask('HEAD', `/v2/round/manifests/${reference}`);
    assert.deepEqual([head.status, head.headers['content-length']], [200, `${manifest.bytes.length}`]);
  }
});

test('a manifest whose bytes do not have the digest of its address is refused', async () => {
  const { digest } = buildImage('another').manifest;
  const refused = await put('digest', digest, buildImage('this one').manifest);
  assert.deepEqual([refused.status, codeOf(refused)], [400, 'DIGEST_INVALID']);
});

test('a manifest can be pushed under its SHA-512 digest', async () => {
  const image = buildImage('sha512');
  await pushImage(registry, 'long', 'v1', image);
  const digest = `sha512:${createHash('sha512').update(image.manifest.bytes).digest('hex')}`;
  assert.equal((await put('long', digest, image.manifest)).headers['docker-content-digest'], digest);
  assert.deepEqual((await ask('GET', `/v2/long/manifests/${digest}`)).body, image.manifest.bytes);
});

test('what is no manifest, or not of the type it is sent as, is refused', async () => {
  const image = buildImage('types');
  await pushImage(registry, 'types', 'v1', image);
  const both = jsonContentOf(ociManifest, {
    ...(JSON.parse(image.manifest.bytes.toString()) as object),
    manifests: [],
  });
  const table: readonly Content[] = [
    { ...image.manifest, mediaType: ociIndex },
    { ...image.manifest, mediaType: 'text/html' },
    both,
    contentOf(ociManifest, Buffer.from('<html>')),
    contentOf(ociManifest, Buffer.from('')),
    jsonContentOf(ociManifest, []),
    jsonContentOf(ociManifest, { schemaVersion: 2, mediaType: ociManifest }),
  ];
  for (const content of table) {
    const refused = await put('types', 'bad', content);
    assert.deepEqual(
      [refused.status, codeOf(refused)],
      [400, 'MANIFEST_INVALID'],
      content.bytes.toString().slice(0, 80),
    );
  }
  assert.equal((await ask('GET', '/v2/types/manifests/bad')).status, 404);
});

test('a manifest over 4 MiB is refused with 413, one of 4 MiB is taken', async () => {
  const image = buildImage('size');
  await pushImage(registry, 'size', 'v1', image);
  const text = image.manifest.bytes.toString();
  const largest = text + ' '.repeat(limits.manifestBytes - text.length);
  assert.equal((await put('size', 'largest', contentOf(ociManifest, Buffer.from(largest)))).status, 201);
  const refused = await put('size', 'larger', contentOf(ociManifest, Buffer.from(`${largest} `)));
  assert.deepEqual([refused.status, codeOf(refused)], [413, 'SIZE_INVALID']);
});

test('a manifest that names what the repository does not hold is refused', async () => {
  const image = buildImage('parts');
  const [config, layer] = image.blobs;
  assert.ok(config !== undefined && layer !== undefined);
  await pushBlob(registry, 'whole', config);
  await pushBlob(registry, 'parts', config);
  assert.equal(codeOf(await put('parts', 'v1', image.manifest)), 'MANIFEST_BLOB_UNKNOWN');
  // The same blob in another repository does not count.
  await pushBlob(registry, 'whole', layer);
  assert.equal((await put('whole', 'v1', image.manifest)).status, 201);
  assert.equal(codeOf(await put('parts', 'v1', image.manifest)), 'MANIFEST_BLOB_UNKNOWN');

  const { index, images } = buildIndex('children');
  assert.equal(codeOf(await put('children', 'v1', index)), 'MANIFEST_BLOB_UNKNOWN');
  await pushIndex(registry, 'children', 'v1', { index, images });
});

test('a layer that may not be distributed need not be there', async () => {
  const image = buildImage('licence');
  const [config] = image.blobs;
  assert.ok(config !== undefined);
  await pushBlob(registry, 'licence', config);
  const layer = {
    ...descriptorOf(buildImage('elsewhere').manifest),
    mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar',
  };
  const manifest = { schemaVersion: 2, mediaType: ociManifest, config: descriptorOf(config), layers: [layer] };
  assert.equal((await put('licence', 'v1', jsonContentOf(ociManifest, manifest))).status, 201);
});

test('deleting a tag leaves the manifest, deleting the manifest takes its tags', async () => {
  const image = buildImage('delete');
  const digest = await pushImage(registry, 'delete', 'v1', image);
  await pushManifest(registry, 'delete', 'v2', image.manifest);
  await pushManifest(registry, 'delete', 'v3', image.manifest);
  assert.equal((await ask('DELETE', '/v2/delete/manifests/v1')).status, 202);
  assert.equal((await ask('DELETE', '/v2/delete/manifests/v1')).status, 404);
  assert.equal((await ask('GET', `/v2/delete/manifests/${digest}`)).status, 200);
  assert.equal((await ask('DELETE', `/v2/delete/manifests/${digest}`)).status, 202);
  assert.equal((await ask('DELETE', `/v2/delete/manifests/${digest}`)).status, 404);
  for (const reference of ['v2', 'v3', digest]) {
    assert.equal(codeOf(await ask('GET', `/v2/delete/manifests/${reference}`)), 'MANIFEST_UNKNOWN', reference);
  }
  assert.deepEqual(JSON.parse((await ask('GET', '/v2/delete/tags/list')).body.toString()), {
    name: 'delete',
    tags: [],
  });
});

test('a blob is deleted from one repository and stays in the other', async () => {
  const blob = contentOf('x', Buffer.from('in two places'));
  await pushBlob(registry, 'place/one', blob);
  await pushBlob(registry, 'place/two', blob);
  assert.equal((await ask('DELETE', `/v2/place/one/blobs/${blob.digest}`)).status, 202);
  assert.equal(codeOf(await ask('DELETE', `/v2/place/one/blobs/${blob.digest}`)), 'BLOB_UNKNOWN');
  assert.deepEqual((await ask('GET', `/v2/place/two/blobs/${blob.digest}`)).body, blob.bytes);
});

test('addresses and methods that are not served are told apart', async () => {
  assert.equal((await ask('GET', '/')).status, 404);
  assert.equal((await ask('GET', '/v2/')).headers['docker-distribution-api-version'], 'registry/2.0');
  const refused = await ask('POST', '/v2/a/tags/list');
  assert.deepEqual([refused.status, refused.headers.allow, codeOf(refused)], [405, 'GET', 'UNSUPPORTED']);
});
