import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { createWorld } from '../../../test/support/registry-world.ts';
import { reply } from '../../../test/support/scripted-server.ts';
import type { Script } from '../../../test/support/scripted-server.ts';
import { RemoteError } from '../../base/errors.ts';
import { parseReference, parseRepository } from '../../formats/oci/reference.ts';

const name = 'registry.example.com';
const image = parseReference(`${name}/org/app:v1`);
const repository = parseRepository(`${name}/org/app`);
const type = 'application/vnd.oci.image.index.v1+json';
const manifest = `{"schemaVersion":2,"mediaType":"${type}","manifests":[]}`;
const good: Script = (_request, response) => reply(response, 200, { 'content-type': type }, manifest);

/** Fails the first times in the given ways, then answers. */
function afterFailures(failures: readonly Script[], script: Script): Script {
  let count = 0;
  return (request, response) => (failures[count++] ?? script)(request, response);
}

const failures: Readonly<Record<string, Script>> = {
  429: (_request, response) => reply(response, 429),
  502: (_request, response) => reply(response, 502, {}, '<html>'),
  503: (_request, response) => reply(response, 503, { 'retry-after': '1' }),
  504: (_request, response) => reply(response, 504),
  reset: (_request, response) => response.destroy(),
  stall: () => undefined,
  cut: (_request, response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('{');
    setTimeout(() => response.destroy(), 5);
  },
};

test('a GET is repeated after each passing failure, and waits longer each time', async (t) => {
  for (const [what, failure] of Object.entries(failures)) {
    const { client, hosts, runtime } = await createWorld(t, {
      scripts: { [name]: afterFailures([failure, failure], good) },
      settings: { idleTimeoutMs: 60 },
    });
    await client.fetchImage(image);
    assert.equal(hosts[name]?.seen.length, 3, what);
    const [first = 0, second = 0] = runtime.slept;
    assert.ok(
      what === '503'
        ? first === 1000 && second === 1000
        : first >= 100 && first <= 200 && second >= 200 && second <= 400,
      what,
    );
  }
});

test('after five tries it is over, with the reason', async (t) => {
  const codes = { 429: 'REGISTRY_THROTTLED', 502: 'REGISTRY_FAILED', reset: 'HTTP_CUT', cut: 'HTTP_CUT' } as const;
  for (const [what, code] of Object.entries(codes)) {
    const { client, hosts } = await createWorld(t, { scripts: { [name]: failures[what] as Script } });
    await assert.rejects(client.fetchImage(image), hasCode(code), what);
    assert.equal(hosts[name]?.seen.length, 5, what);
  }
});

test('other refusals are not repeated', async (t) => {
  const codes = {
    400: 'REGISTRY_FAILED',
    401: 'REGISTRY_DENIED',
    403: 'REGISTRY_DENIED',
    500: 'REGISTRY_FAILED',
    501: 'REGISTRY_FAILED',
  } as const;
  for (const [status, code] of Object.entries(codes)) {
    const { client, hosts } = await createWorld(t, {
      scripts: { [name]: (_request, response) => reply(response, Number(status)) },
    });
    await assert.rejects(client.fetchImage(image), hasCode(code), status);
    assert.equal(hosts[name]?.seen.length, 1, status);
  }
});

test('a manifest under its digest is put again, one under a tag and the start of an upload are not', async (t) => {
  const made = (): Script => afterFailures([failures[503] as Script], (_request, response) => reply(response, 201));
  const digest = await createWorld(t, { scripts: { [name]: made() } });
  await digest.client.putManifest(repository, undefined, Buffer.from(manifest), type);
  assert.equal(digest.hosts[name]?.seen.length, 2);
  const tag = await createWorld(t, { scripts: { [name]: made() } });
  await assert.rejects(
    tag.client.putManifest(repository, 'v1', Buffer.from(manifest), type),
    hasCode('REGISTRY_FAILED'),
  );
  assert.equal(tag.hosts[name]?.seen.length, 1);
  const upload = await createWorld(t, { scripts: { [name]: made() } });
  await assert.rejects(upload.client.putBlob(repository, Buffer.from('x')), hasCode('REGISTRY_FAILED'));
  assert.equal(upload.hosts[name]?.seen.length, 1);
});

test("a blob's PUT that was carried out but whose answer got lost counts as done", async (t) => {
  const digest = `sha256:${createHash('sha256').update('x').digest('hex')}`;
  let isStored = false;
  const { client, hosts } = await createWorld(t, {
    scripts: {
      [name]: ({ method }, response) => {
        if (method === 'POST') return reply(response, 202, { location: '/v2/upload?state=1' });
        if (method === 'HEAD') return reply(response, isStored ? 200 : 404);
        if (isStored) return reply(response, 404);
        isStored = true;
        return response.destroy();
      },
    },
  });
  assert.equal((await client.putBlob(repository, Buffer.from('x'))).digest, digest);
  assert.equal(hosts[name]?.seen[1]?.path, `/v2/upload?state=1&digest=${encodeURIComponent(digest)}`);
});

test('a Retry-After beyond the deadline, or beyond patience where there is none, fails at once', async (t) => {
  const cases = [
    { retryAfter: '30', deadline: new Date(Date.now() + 10_000), tries: 1 },
    { retryAfter: '5', deadline: new Date(Date.now() + 10_000), tries: 5 },
    { retryAfter: '3600', deadline: undefined, tries: 1 },
    { retryAfter: new Date(Date.now() + 3_600_000).toUTCString(), deadline: undefined, tries: 1 },
  ];
  for (const { retryAfter, deadline, tries } of cases) {
    const { client, hosts, runtime } = await createWorld(t, {
      scripts: { [name]: (_request, response) => reply(response, 429, { 'retry-after': retryAfter }) },
      ...(deadline && { runtime: { deadline } }),
    });
    await assert.rejects(
      client.fetchImage(image),
      (error) => error instanceof RemoteError && error.code === 'REGISTRY_THROTTLED',
    );
    assert.equal(hosts[name]?.seen.length, tries, retryAfter);
    assert.equal(runtime.slept.length, tries - 1);
  }
});
