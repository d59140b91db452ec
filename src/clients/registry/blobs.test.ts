import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { createWorld } from '../../../test/support/registry-world.ts';
import { reply } from '../../../test/support/scripted-server.ts';
import type { Script } from '../../../test/support/scripted-server.ts';
import { parseDigest } from '../../formats/oci/digest.ts';
import { parseRepository } from '../../formats/oci/reference.ts';
import type { BlobName } from './blobs.ts';

const name = 'registry.example.com';
const repository = parseRepository(`${name}/org/app`);
const content = randomBytes(300_000);
const nameOf = (bytes: Uint8Array): BlobName => ({
  digest: parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`),
  size: bytes.length,
});
const blob = nameOf(content);

test('a blob comes whole, hashed and of its promised size', async (t) => {
  const { client } = await createWorld(t, {
    scripts: { [name]: (_request, response) => reply(response, 200, {}, content) },
  });
  assert.deepEqual(Buffer.from(await client.fetchBlob(repository, blob, content.length)), content);
  await assert.rejects(
    client.fetchBlob(repository, { ...blob, size: blob.size - 1 }, 1_000_000),
    hasCode('REGISTRY_ANSWER_INVALID'),
  );
  await assert.rejects(
    client.fetchBlob(repository, { ...blob, size: blob.size + 1 }, 1_000_000),
    hasCode('REGISTRY_ANSWER_INVALID'),
  );
  await assert.rejects(
    client.fetchBlob(repository, nameOf(Buffer.from('other')), 1_000_000),
    hasCode('REGISTRY_ANSWER_INVALID'),
  );
  await assert.rejects(client.fetchBlob(repository, blob, content.length - 1), hasCode('REGISTRY_ANSWER_INVALID'));
});

test('a blob that is not there is BLOB_NOT_FOUND, not absence', async (t) => {
  const { client } = await createWorld(t, { scripts: { [name]: (_request, response) => reply(response, 404) } });
  await assert.rejects(client.fetchBlob(repository, blob, 1_000_000), hasCode('BLOB_NOT_FOUND'));
  const to = parseRepository('other.example.com/a');
  const { client: copier } = await createWorld(t, {
    scripts: { [name]: (_request, response) => reply(response, 404), 'other.example.com': uploads(new Map()) },
  });
  await assert.rejects(copier.copyBlob(repository, to, blob, { onBytes: () => undefined }), hasCode('BLOB_NOT_FOUND'));
});

test('bytes that are there are not sent again, others in two requests', async (t) => {
  const mounted = await createWorld(t, { scripts: { [name]: (_request, response) => reply(response, 201) } });
  await mounted.client.putBlob(repository, content);
  assert.deepEqual(mounted.hosts[name]?.asked(), [
    `POST /v2/org/app/blobs/uploads/?mount=${blob.digest}&from=org%2Fapp`,
  ]);
  const stored = new Map<string, Buffer>();
  const fresh = await createWorld(t, { scripts: { [name]: uploads(stored) } });
  assert.deepEqual(await fresh.client.putBlob(repository, content), blob);
  assert.equal(fresh.hosts[name]?.seen.length, 2);
  assert.deepEqual(stored.get(blob.digest), content);
});

/** A registry's uploads: POST, PATCH, GET of the state, PUT, HEAD; `bend` may answer first. */
function uploads(stored: Map<string, Buffer>, bend: Script = () => false): Script {
  let received = Buffer.alloc(0);
  return async (request, response) => {
    if ((await bend(request, response)) !== false) return;
    const { method, path, headers, body } = request;
    const { pathname, searchParams } = new URL(path, 'https://x');
    const location = '/v2/a/blobs/uploads/7?state=s';
    switch (method) {
      case 'HEAD':
        return reply(response, stored.has(pathname.split('/').at(-1) ?? '') ? 200 : 404);
      case 'POST':
        return reply(response, 202, { location });
      case 'PATCH': {
        const from = Number(/^(\d+)-/.exec(headers['content-range'] ?? '0-')?.[1]);
        if (from !== received.length) return reply(response, 416);
        received = Buffer.concat([received, body]);
        return reply(response, 202, { location, range: `0-${received.length - 1}` });
      }
      case 'GET':
        return reply(response, 204, { location, range: `0-${Math.max(0, received.length - 1)}` });
      case 'PUT': {
        const whole = Buffer.concat([received, body]);
        const digest = searchParams.get('digest') ?? '';
        if (digest !== nameOf(whole).digest || searchParams.get('state') !== 's') return reply(response, 400);
        stored.set(digest, whole);
        return reply(response, 201);
      }
      default:
        received = Buffer.alloc(0);
        return reply(response, 204);
    }
  };
}

const to = parseRepository('other.example.com/a');
const source: Script = ({ headers }, response) => {
  const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
  return from === 0
    ? reply(response, 200, {}, content)
    : reply(
        response,
        206,
        { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` },
        content.subarray(from),
      );
};

test('a blob is copied from registry to registry, and its progress adds up', async (t) => {
  const stored = new Map<string, Buffer>();
  const { client, hosts } = await createWorld(t, { scripts: { [name]: source, 'other.example.com': uploads(stored) } });
  let bytes = 0;
  const onBytes = (count: number): void => void (bytes += count);
  await client.copyBlob(repository, to, blob, { onBytes });
  assert.deepEqual(stored.get(blob.digest), content);
  assert.equal(bytes, content.length);
  // Again: it is there, the upload that was begun meanwhile is given up.
  await client.copyBlob(repository, to, blob, { onBytes });
  assert.equal(bytes, content.length);
  assert.equal(hosts[name]?.seen.length, 1);
  assert.equal(hosts['other.example.com']?.asked().at(-1), 'DELETE /v2/a/blobs/uploads/7?state=s');
});

test('on one registry a blob is mounted; from a repository to itself nothing is done', async (t) => {
  const { client, hosts } = await createWorld(t, {
    scripts: { [name]: ({ method }, response) => reply(response, method === 'POST' ? 201 : 404) },
  });
  await client.copyBlob(repository, parseRepository(`${name}/other`), blob, { onBytes: () => undefined });
  assert.deepEqual(hosts[name]?.asked().sort(), [
    `HEAD /v2/other/blobs/${blob.digest}`,
    `POST /v2/other/blobs/uploads/?mount=${blob.digest}&from=org%2Fapp`,
  ]);
  await client.copyBlob(repository, repository, blob, { onBytes: () => undefined });
  assert.equal(hosts[name]?.seen.length, 2);
});

test('a source that breaks off is asked for the rest, or for everything where it knows no ranges', async (t) => {
  for (const knowsRanges of [true, false]) {
    const stored = new Map<string, Buffer>();
    const ranges: (string | undefined)[] = [];
    const breaking: Script = (request, response) => {
      ranges.push(request.headers.range);
      if (ranges.length > 1) return knowsRanges ? source(request, response) : reply(response, 200, {}, content);
      response.writeHead(200, { 'content-length': String(content.length) });
      response.write(content.subarray(0, 100_000));
      return setTimeout(() => response.destroy(), 20);
    };
    const { client } = await createWorld(t, { scripts: { [name]: breaking, 'other.example.com': uploads(stored) } });
    await client.copyBlob(repository, to, blob, { onBytes: () => undefined });
    assert.deepEqual(stored.get(blob.digest), content);
    assert.deepEqual(ranges, [undefined, 'bytes=100000-']);
  }
});

test('a target that breaks off is asked what it has, and sent the rest', async (t) => {
  const stored = new Map<string, Buffer>();
  let patches = 0;
  let stateAsked = 0;
  // Keeps the first 70,000 bytes, then breaks the connection, as a registry that is restarted does.
  let kept: Buffer = Buffer.alloc(0);
  const target: Script = ({ method, path, headers, body }, response) => {
    const location = '/v2/a/blobs/uploads/7';
    if (method === 'PATCH') {
      patches += 1;
      if (patches === 1) {
        kept = body.subarray(0, 70_000);
        return response.destroy();
      }
      assert.equal(headers['content-range'], `70000-${content.length - 1}`);
      kept = Buffer.concat([kept, body]);
      return reply(response, 202, { location });
    }
    if (method === 'GET') {
      stateAsked += 1;
      return reply(response, 204, { location, range: `0-${kept.length - 1}` });
    }
    if (method === 'PUT') {
      stored.set(new URL(path, 'https://x').searchParams.get('digest') ?? '', kept);
      return reply(response, 201);
    }
    return method === 'POST' ? reply(response, 202, { location }) : reply(response, 404);
  };
  const { client } = await createWorld(t, { scripts: { [name]: source, 'other.example.com': target } });
  await client.copyBlob(repository, to, blob, { onBytes: () => undefined });
  assert.deepEqual(stored.get(blob.digest), content);
  assert.deepEqual([patches, stateAsked], [2, 1]);
});

test('a source that delivers other bytes, more or fewer is refused, and the upload given up', async (t) => {
  const wrong = Buffer.from(content);
  wrong[5] = (wrong[5] ?? 0) ^ 1;
  for (const bytes of [wrong, content.subarray(1), Buffer.concat([content, content])]) {
    const stored = new Map<string, Buffer>();
    const { client, hosts } = await createWorld(t, {
      scripts: {
        [name]: (_request, response) => reply(response, 200, {}, bytes),
        'other.example.com': uploads(stored),
      },
    });
    await assert.rejects(
      client.copyBlob(repository, to, blob, { onBytes: () => undefined }),
      hasCode('REGISTRY_ANSWER_INVALID'),
    );
    assert.equal(stored.size, 0);
    const asked = hosts['other.example.com']?.asked() ?? [];
    assert.ok(asked.at(-1)?.startsWith('DELETE'));
    assert.ok(!asked.some((each) => each.startsWith('PUT')));
  }
});

test('an empty blob is copied', async (t) => {
  const empty = nameOf(new Uint8Array());
  const stored = new Map<string, Buffer>();
  const { client } = await createWorld(t, {
    scripts: { [name]: (_request, response) => reply(response, 200), 'other.example.com': uploads(stored) },
  });
  await client.copyBlob(repository, to, empty, { onBytes: () => undefined });
  assert.equal(stored.get(empty.digest)?.length, 0);
});

test('a target that refuses the bytes ends the copy with its refusal', async (t) => {
  const { client } = await createWorld(t, {
    scripts: {
      [name]: source,
      'other.example.com': uploads(new Map(), ({ method }, response) =>
        method === 'PATCH' ? reply(response, 413) : false,
      ),
    },
  });
  await assert.rejects(client.copyBlob(repository, to, blob, { onBytes: () => undefined }), hasCode('REGISTRY_FAILED'));
});
