import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { createWorld } from '../../../test/support/registry-world.ts';
import { reply } from '../../../test/support/scripted-server.ts';
import type { Script } from '../../../test/support/scripted-server.ts';
import { limits } from '../../base/limits.ts';
import { parseDigest } from '../../formats/oci/digest.ts';
import { parseReference, parseRepository } from '../../formats/oci/reference.ts';

const name = 'registry.example.com';
const repository = parseRepository(`${name}/org/app`);
const type = 'application/vnd.oci.image.index.v1+json';
const manifest = `{"schemaVersion":2,"mediaType":"${type}","manifests":[]}`;
const hex = (algorithm: string, text: string): string => createHash(algorithm).update(text).digest('hex');
const digest = parseDigest(`sha256:${hex('sha256', manifest)}`);

test('a manifest comes by tag and by digest, with what a sloppy registry leaves out', async (t) => {
  const variants: Record<string, string>[] = [
    { 'content-type': type, 'docker-content-digest': digest },
    { 'content-type': `${type}; charset=utf-8` },
    {},
    { 'docker-content-digest': `sha512:${hex('sha512', manifest)}` },
  ];
  for (const headers of variants) {
    const { client } = await createWorld(t, {
      scripts: { [name]: (_request, response) => reply(response, 200, headers, manifest) },
    });
    assert.equal((await client.fetchImage(parseReference(`${name}/org/app:v1`))).digest, digest);
    assert.equal((await client.fetchImage(parseReference(`${name}/org/app:v1@${digest}`))).digest, digest);
    const sha512 = `sha512:${hex('sha512', manifest)}`;
    assert.equal((await client.fetchManifest(repository, sha512))?.digest, sha512);
  }
});

test('an answer that is not what was asked for is REGISTRY_ANSWER_INVALID', async (t) => {
  const other = manifest.replace('[]', '[ ]');
  const cases: Record<string, Script> = {
    'other bytes under a digest': (_request, response) => reply(response, 200, { 'content-type': type }, other),
    'a header that names another digest': (_request, response) =>
      reply(response, 200, { 'content-type': type, 'docker-content-digest': `sha256:${'0'.repeat(64)}` }, manifest),
    'a header that names no digest': (_request, response) =>
      reply(response, 200, { 'content-type': type, 'docker-content-digest': 'latest' }, manifest),
    'a page of HTML': (_request, response) => reply(response, 200, { 'content-type': 'text/html' }, '<html></html>'),
    'no JSON': (_request, response) => reply(response, 200, { 'content-type': type }, '{'),
    'an image called an index': (_request, response) =>
      reply(response, 200, { 'content-type': 'application/vnd.oci.image.manifest.v1+json' }, manifest),
    'too much': (_request, response) =>
      reply(response, 200, { 'content-type': type }, Buffer.alloc(limits.manifestBytes + 1, 32)),
    endless: (_request, response) => {
      response.writeHead(200, { 'content-type': type });
      const timer = setInterval(() => response.write(Buffer.alloc(1024 * 1024, 32)), 1);
      response.on('close', () => clearInterval(timer));
    },
    'a web page that says 404': (_request, response) =>
      reply(response, 404, { 'content-type': 'text/html; charset=utf-8' }, '<html>'),
    'a web page that says 404 and not that it is one': (_request, response) =>
      reply(response, 404, {}, '\n<!doctype html><title>Gone</title>'),
    'a store of blobs that says 404, after a redirect': ({ path }, response) =>
      path.startsWith('/store')
        ? reply(response, 404, { 'content-type': 'application/xml' }, '<?xml version="1.0"?><Error/>')
        : reply(response, 307, { location: '/store' }),
  };
  for (const [what, script] of Object.entries(cases)) {
    const { client } = await createWorld(t, { scripts: { [name]: script } });
    await assert.rejects(client.fetchManifest(repository, digest), hasCode('REGISTRY_ANSWER_INVALID'), what);
    if (!what.startsWith('other bytes')) {
      await assert.rejects(client.fetchManifest(repository, 'v1'), hasCode('REGISTRY_ANSWER_INVALID'), what);
    }
  }
});

test('404 is absence: IMAGE_NOT_FOUND for the image, undefined for what is attached', async (t) => {
  const { client } = await createWorld(t, {
    scripts: { [name]: (_request, response) => reply(response, 404, {}, '404 page not found') },
  });
  await assert.rejects(client.fetchImage(parseReference(`${name}/org/app:v1`)), hasCode('IMAGE_NOT_FOUND'));
  assert.equal(await client.fetchManifest(repository, 'v1'), undefined);
});

test("a refusal tells the registry's reason with control characters escaped", async (t) => {
  const errors = JSON.stringify({ errors: [{ code: 'DENIED', message: 'no \u001b[31mway' }] });
  const { client } = await createWorld(t, {
    scripts: { [name]: (_request, response) => reply(response, 403, {}, errors) },
  });
  await assert.rejects(client.fetchManifest(repository, 'v1'), (error) => {
    assert.ok(hasCode('REGISTRY_DENIED')(error));
    assert.ok((error as Error).message.includes('DENIED: no \\x1b[31mway'));
    return true;
  });
});

test('a PUT names the digest back, or it is REGISTRY_ANSWER_INVALID', async (t) => {
  const { client, hosts } = await createWorld(t, {
    scripts: {
      [name]: ({ path }, response) =>
        reply(response, 201, path.endsWith('bad') ? { 'docker-content-digest': `sha256:${'0'.repeat(64)}` } : {}),
    },
  });
  assert.equal(await client.putManifest(repository, undefined, Buffer.from(manifest), type), digest);
  assert.equal(await client.putManifest(repository, 'v1', Buffer.from(manifest), type), digest);
  await assert.rejects(
    client.putManifest(repository, 'bad', Buffer.from(manifest), type),
    hasCode('REGISTRY_ANSWER_INVALID'),
  );
  assert.deepEqual(hosts[name]?.asked().slice(0, 2), [
    `PUT /v2/org/app/manifests/${digest}`,
    'PUT /v2/org/app/manifests/v1',
  ]);
  assert.equal(hosts[name]?.seen[0]?.headers['content-type'], type);
  assert.equal(hosts[name]?.seen[0]?.body.toString(), manifest);
});

test('a tag is gone when the registry took, or had nothing for, one of the two ways; refused when it took neither', async (t) => {
  const cases: [number, number, boolean | 'REGISTRY_FAILED' | 'REGISTRY_THROTTLED'][] = [
    [202, 202, true],
    [202, 400, true],
    [405, 202, true],
    [404, 404, true],
    [404, 202, true],
    [405, 404, true],
    [405, 405, false],
    [403, 403, false],
    [401, 405, false],
    [400, 501, 'REGISTRY_FAILED'],
    [405, 500, 'REGISTRY_FAILED'],
    [429, 429, 'REGISTRY_THROTTLED'],
    [202, 500, true],
  ];
  for (const [byTag, byDigest, expected] of cases) {
    const { client } = await createWorld(t, {
      scripts: { [name]: ({ path }, response) => reply(response, path.endsWith('/v1') ? byTag : byDigest) },
    });
    const run = client.deleteTag(repository, 'v1', digest);
    const what = `${byTag} ${byDigest}`;
    await (typeof expected === 'boolean'
      ? run.then((isDeleted) => assert.equal(isDeleted, expected, what))
      : assert.rejects(run, hasCode(expected), what));
  }
});
