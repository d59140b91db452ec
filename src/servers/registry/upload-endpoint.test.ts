import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';

import { startEmbedded } from '../../../test/support/embedded-registry.ts';
import { contentOf, pushBlob } from '../../../test/support/image.ts';
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
const blobOf = (text: string) => contentOf('application/octet-stream', Buffer.from(text));
const begin = async (name: string): Promise<string> => {
  const { status, headers } = await ask('POST', `/v2/${name}/blobs/uploads/`);
  assert.equal(status, 202);
  return headers.location ?? '';
};
const chunk = (path: string, first: number, body: string): Promise<RegistryAnswer> =>
  ask('PATCH', path, { body, headers: { 'content-range': `${first}-${first + body.length - 1}` } });

test('a blob in one POST is stored', async () => {
  const { digest, bytes } = blobOf('one post');
  const { status, headers } = await ask('POST', `/v2/one/blobs/uploads/?digest=${digest}`, { body: bytes });
  assert.deepEqual([status, headers.location], [201, `/v2/one/blobs/${digest}`]);
  assert.deepEqual((await ask('GET', headers.location ?? '')).body, bytes);
});

test('chunks are put together, the last one in the PUT', async () => {
  const path = await begin('chunks');
  const first = await chunk(path, 0, 'abc');
  assert.deepEqual([first.status, first.headers.range], [202, '0-2']);
  const { digest } = blobOf('abcdefgh');
  assert.equal((await chunk(path, 3, 'def')).status, 202);
  const last = { body: 'gh', headers: { 'content-range': '6-7' } };
  assert.equal((await ask('PUT', `${path}?digest=${digest}`, last)).status, 201);
  assert.equal((await ask('GET', `/v2/chunks/blobs/${digest}`)).body.toString(), 'abcdefgh');
});

test('a chunk out of order, or not as long as it says, is refused with 416 and the upload goes on', async () => {
  const path = await begin('order');
  await chunk(path, 0, 'abc');
  for (const range of ['4-6', '0-2', '3-9', 'bytes 3-5', '3-', '', 'x']) {
    const refused = await ask('PATCH', path, { body: 'def', headers: { 'content-range': range } });
    assert.deepEqual([refused.status, codeOf(refused)], [416, 'BLOB_UPLOAD_INVALID'], range);
  }
  const progress = await ask('GET', path);
  assert.deepEqual([progress.status, progress.headers.range, progress.headers.location], [204, '0-2', path]);
  assert.equal((await chunk(path, 3, 'def')).status, 202);
  assert.equal((await ask('PUT', `${path}?digest=${blobOf('abcdef').digest}`)).status, 201);
});

test('bytes that do not have the digest are refused, and neither stored nor kept', async () => {
  const { digest } = blobOf('what was promised');
  const inOne = await ask('POST', `/v2/lies/blobs/uploads/?digest=${digest}`, { body: 'something else' });
  assert.deepEqual([inOne.status, codeOf(inOne)], [400, 'DIGEST_INVALID']);
  const path = await begin('lies');
  const inTwo = await ask('PUT', `${path}?digest=${digest}`, { body: 'something else' });
  assert.deepEqual([inTwo.status, codeOf(inTwo)], [400, 'DIGEST_INVALID']);
  assert.equal((await ask('GET', path)).status, 404);
  assert.equal((await ask('HEAD', `/v2/lies/blobs/${digest}`)).status, 404);
});

test('a digest that is missing or malformed is refused and the upload goes on', async () => {
  const path = await begin('digests');
  for (const query of ['', '?digest=', '?digest=sha256:00', '?digest=md5:d41d8cd98f00b204e9800998ecf8427e']) {
    assert.equal(codeOf(await ask('PUT', `${path}${query}`)), 'DIGEST_INVALID', query);
  }
  assert.equal((await ask('GET', path)).status, 204);
});

test('SHA-512 works, announced at the start or only at the end', async () => {
  const digest = `sha512:${createHash('sha512').update('long').digest('hex')}`;
  for (const query of ['', '?digest-algorithm=sha512', `?digest=${digest}`]) {
    const name = `sha512/${query.length}`;
    const begun = await ask(
      'POST',
      `/v2/${name}/blobs/uploads/${query}`,
      query.includes('digest=') ? { body: 'long' } : {},
    );
    if (begun.status === 202) {
      assert.equal(
        (await ask('PUT', `${begun.headers.location}?digest=${digest}`, { body: 'long' })).status,
        201,
        query,
      );
    }
    assert.equal((await ask('GET', `/v2/${name}/blobs/${digest}`)).body.toString(), 'long', query);
  }
});

test('an upload that is cancelled, finished or of another repository is unknown', async () => {
  const path = await begin('gone');
  assert.equal(codeOf(await ask('GET', path.replace('/gone/', '/other/'))), 'BLOB_UPLOAD_UNKNOWN');
  assert.equal((await ask('DELETE', path)).status, 204);
  for (const method of ['GET', 'PATCH', 'DELETE']) {
    assert.equal((await ask(method, path)).status, 404, method);
  }
});

test('a client that breaks off goes on from what has arrived', async () => {
  const path = await begin('resume');
  const [address = '', port = ''] = registry.host.split(':');
  const socket = connect(Number(port), address);
  socket.write(`PATCH ${path} HTTP/1.1\r\nHost: ${registry.host}\r\nContent-Length: 100\r\n\r\nfirst`);
  await arrived(path, '0-4');
  const meanwhile = await chunk(path, 5, 'x');
  assert.deepEqual([meanwhile.status, codeOf(meanwhile)], [409, 'BLOB_UPLOAD_INVALID']);
  socket.destroy();
  await once(socket, 'close');
  await arrived(path, '0-4', 204);
  assert.equal((await chunk(path, 5, ' second')).status, 202);
  assert.equal((await ask('PUT', `${path}?digest=${blobOf('first second').digest}`)).status, 201);
  assert.equal(registry.log().includes('ECONNRESET'), false, 'a client that goes away is no failure of the registry');
});

/** Waits until the upload answers: 409 while a request is at it. */
async function arrived(path: string, range: string, status = 409): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const answer = await ask('GET', path);
    if (answer.status === status && (status === 409 || answer.headers.range === range)) {
      return;
    }
  }
  assert.fail(`${path} never answered ${status}`);
}

test('mounting gives a repository what another holds, and only that', async () => {
  const held = blobOf('mounted');
  await pushBlob(registry, 'mount/from', held);
  const mount = (name: string, query: string) => ask('POST', `/v2/${name}/blobs/uploads/?mount=${held.digest}${query}`);
  const named = await mount('mount/named', '&from=mount/from');
  assert.deepEqual([named.status, named.headers.location], [201, `/v2/mount/named/blobs/${held.digest}`]);
  assert.deepEqual((await ask('GET', named.headers.location ?? '')).body, held.bytes);
  assert.equal((await mount('mount/anonymous', '')).status, 201);

  // What the source does not hold begins an ordinary upload instead.
  for (const from of ['mount/empty', '../mount/from', 'mount/from/_blobs', '']) {
    const begun = await mount('mount/not', `&from=${encodeURIComponent(from)}`);
    assert.equal(begun.status, 202, from);
  }
  assert.equal((await ask('HEAD', `/v2/mount/not/blobs/${held.digest}`)).status, 404);
});

test('a deleted blob cannot be brought back by mounting', async () => {
  const held = blobOf('deleted');
  await pushBlob(registry, 'deleted', held);
  assert.equal((await ask('DELETE', `/v2/deleted/blobs/${held.digest}`)).status, 202);
  assert.equal((await ask('POST', `/v2/deleted/again/blobs/uploads/?mount=${held.digest}`)).status, 202);
});

test('many writers of one blob and of many all succeed', async () => {
  const blobs = [
    blobOf('same'),
    blobOf('same'),
    ...Array.from({ length: 14 }, () => contentOf('x', randomBytes(100_000))),
  ];
  await Promise.all(blobs.map((blob, index) => pushBlob(registry, `writers/${index % 4}`, blob)));
  for (const [index, { digest, bytes }] of blobs.entries()) {
    assert.deepEqual((await ask('GET', `/v2/writers/${index % 4}/blobs/${digest}`)).body, bytes);
  }
});
