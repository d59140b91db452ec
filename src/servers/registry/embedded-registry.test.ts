import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { hasCode } from '../../../test/support/error-code.ts';
import { buildImage, pushImage } from '../../../test/support/image.ts';
import type { TestImage } from '../../../test/support/image.ts';
import { registryRequest } from '../../../test/support/registry-request.ts';
import type { RegistryAddress } from '../../../test/support/registry-request.ts';
import { createScratchFolder } from '../../../test/support/scratch.ts';
import { createTlsFiles } from '../../../test/support/tls.ts';
import { startEmbeddedRegistry } from './embedded-registry.ts';
import type { EmbeddedRegistryOptions } from './embedded-registry.ts';

const silent = { note: () => {}, warn: () => {}, noteOnce: () => {}, debug: () => {} };
const listen = { host: '127.0.0.1', port: 0 };

async function start(t: TestContext, options: Partial<EmbeddedRegistryOptions> = {}) {
  const server = await startEmbeddedRegistry({
    dataDir: createScratchFolder('registry'),
    listen,
    log: silent,
    ...options,
  });
  t.after(() => server.close());
  const address: RegistryAddress = { host: server.host, scheme: 'http' };
  return { ...server, ...address };
}

test('a registry that forbids deletion answers 405 and keeps what it holds', async (t) => {
  const registry = await start(t, { isDeleteAllowed: false });
  const image = buildImage('kept');
  const digest = await pushImage(registry, 'kept', 'v1', image);
  for (const path of ['manifests/v1', `manifests/${digest}`, `blobs/${image.blobs[0]?.digest}`]) {
    assert.equal((await registryRequest(registry, 'DELETE', `/v2/kept/${path}`)).status, 405, path);
    assert.equal((await registryRequest(registry, 'GET', `/v2/kept/${path}`)).status, 200, path);
  }
});

test('the registry is served over TLS', async (t) => {
  const files = createTlsFiles(createScratchFolder('registry-tls'));
  const tls = { certificatePem: readFileSync(files.certFile, 'utf8'), keyPem: readFileSync(files.keyFile, 'utf8') };
  const { host } = await start(t, { tls });
  const answer = await registryRequest({ host, scheme: 'https', caFile: files.caFile }, 'GET', '/v2/');
  assert.equal(answer.status, 200);
});

test('a second registry on the same directory is refused, until the first has stopped', async (t) => {
  const dataDir = createScratchFolder('registry');
  const first = await start(t, { dataDir });
  await assert.rejects(start(t, { dataDir }), hasCode('DATA_DIR_LOCKED'));
  await first.close();
  await start(t, { dataDir });
});

test('a failed start frees the directory', async (t) => {
  const dataDir = createScratchFolder('registry');
  const taken = Number((await start(t)).host.split(':')[1]);
  await assert.rejects(start(t, { dataDir, listen: { host: '127.0.0.1', port: taken } }), hasCode('LISTEN_FAILED'));
  await start(t, { dataDir });
});

test('what was stored is there after a restart, and what was left half-written is not', async (t) => {
  const dataDir = createScratchFolder('registry');
  const first = await start(t, { dataDir });
  const image = buildImage('restart');
  await pushImage(first, 'restart', 'v1', image);
  await registryRequest(first, 'POST', '/v2/restart/blobs/uploads/');
  await first.close();
  mkdirSync(join(dataDir, 'scratch'), { recursive: true });
  writeFileSync(join(dataDir, 'scratch', 'left-by-a-killed-process'), 'half');

  const second = await start(t, { dataDir });
  assert.deepEqual(readdirSync(join(dataDir, 'scratch')), []);
  assert.deepEqual((await registryRequest(second, 'GET', '/v2/restart/manifests/v1')).body, image.manifest.bytes);
});

test('a damaged manifest on disk is a failure, not another manifest', async (t) => {
  const dataDir = createScratchFolder('registry');
  const first = await start(t, { dataDir });
  const hex = (await pushImage(first, 'damaged', 'v1', buildImage('damaged'))).slice('sha256:'.length);
  await first.close();
  writeFileSync(join(dataDir, 'content', 'sha256', hex.slice(0, 2), hex), '{}');

  const warnings: string[] = [];
  const second = await start(t, { dataDir, log: { ...silent, warn: (message) => warnings.push(message) } });
  const { status, body } = await registryRequest(second, 'GET', '/v2/damaged/manifests/v1');
  assert.equal(status, 500);
  assert.equal(body.toString().includes(hex), false, 'the client is not told what is wrong inside');
  assert.match(warnings.join(), new RegExp(hex));
});

test('killed at any moment, it starts again and holds everything it acknowledged, whole', async () => {
  const dataDir = createScratchFolder('registry');
  const acknowledged = new Map<string, TestImage>();
  for (let round = 0; round < 4; round += 1) {
    const { child, registry } = await spawnRegistry(dataDir);
    await checkAll(registry, acknowledged);
    const writers = Array.from({ length: 4 }, (_, writer) =>
      pushUntilKilled(registry, `r${round}-w${writer}`, acknowledged),
    );
    await sleep(60 + 45 * round);
    child.kill('SIGKILL');
    await Promise.all([once(child, 'exit'), ...writers]);
  }
  assert.ok(acknowledged.size > 0, 'nothing was acknowledged: the test shows nothing');
  const { child, registry } = await spawnRegistry(dataDir);
  await checkAll(registry, acknowledged);
  child.kill('SIGKILL');
  await once(child, 'exit');
});

async function spawnRegistry(dataDir: string): Promise<{ child: ChildProcess; registry: RegistryAddress }> {
  const script = `
    import { startEmbeddedRegistry } from ${JSON.stringify(new URL('embedded-registry.ts', import.meta.url).href)};
    const log = { note() {}, warn() {}, noteOnce() {}, debug() {} };
    const options = { dataDir: ${JSON.stringify(dataDir)}, listen: { host: '127.0.0.1', port: 0 }, log };
    console.log((await startEmbeddedRegistry(options)).host);`;
  const args = ['--no-warnings', '--input-type=module', '--eval', script];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  process.once('exit', () => child.kill('SIGKILL'));
  const [host] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, registry: { host: host.toString().trim(), scheme: 'http' } };
}

async function pushUntilKilled(
  registry: RegistryAddress,
  writer: string,
  acknowledged: Map<string, TestImage>,
): Promise<void> {
  for (let number = 0; ; number += 1) {
    const tag = `${writer}-${number}`;
    const image = buildImage(tag);
    try {
      await pushImage(registry, 'crash', tag, image);
    } catch {
      return;
    }
    acknowledged.set(tag, image);
  }
}

/** Everything acknowledged is there; everything listed, acknowledged or not, is whole. */
async function checkAll(registry: RegistryAddress, acknowledged: ReadonlyMap<string, TestImage>): Promise<void> {
  const listing = await registryRequest(registry, 'GET', '/v2/crash/tags/list');
  const tags = listing.status === 404 ? [] : (JSON.parse(listing.body.toString()) as { tags: string[] }).tags;
  for (const tag of acknowledged.keys()) {
    assert.ok(tags.includes(tag), `${tag} was acknowledged and is lost`);
  }
  for (const tag of tags) {
    const { status, headers, body } = await registryRequest(registry, 'GET', `/v2/crash/manifests/${tag}`);
    assert.equal(status, 200, tag);
    assert.equal(headers['docker-content-digest'], digestOf(body), tag);
    const { config, layers } = JSON.parse(body.toString()) as Record<'config', { digest: string }> & {
      layers: { digest: string }[];
    };
    for (const { digest } of [config, ...layers]) {
      assert.equal(digestOf((await registryRequest(registry, 'GET', `/v2/crash/blobs/${digest}`)).body), digest, tag);
    }
  }
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
