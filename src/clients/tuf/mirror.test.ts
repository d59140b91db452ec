import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';

import { hasCode } from '../../../test/support/error-code.ts';
import { createScratchFolder } from '../../../test/support/scratch.ts';
import { reply, startScriptedServer } from '../../../test/support/scripted-server.ts';
import type { Script, ScriptedServer } from '../../../test/support/scripted-server.ts';
import { createTestRuntime } from '../../../test/support/test-runtime.ts';
import { limits } from '../../base/limits.ts';
import { openMirror } from './mirror.ts';
import type { Mirror } from './mirror.ts';

const CHUNK_BYTES = 64 * 1024;

async function openServed(t: TestContext, script: Script, fileMs = 5000): Promise<Mirror & { server: ScriptedServer }> {
  const server = await startScriptedServer(t, script);
  return { ...openMirror(`http://${server.host}/base/`, { runtime: createTestRuntime(t), fileMs }), server };
}

test('a file is asked for below the address, its name escaped', async (t) => {
  const mirror = await openServed(t, (_, response) => reply(response, 200, {}, 'hello'));
  assert.equal(Buffer.from((await mirror.fetchFile(['a b', 'c#?%2e.json'], 100)) ?? []).toString(), 'hello');
  assert.deepEqual(mirror.server.asked(), ['GET /base/a%20b/c%23%3F%252e.json']);
});

for (const status of [403, 404]) {
  test(`status ${status} means that there is no such file`, async (t) => {
    const mirror = await openServed(t, (_, response) => reply(response, status));
    assert.equal(await mirror.fetchFile(['x'], 100), undefined);
    assert.equal(mirror.server.seen.length, 1);
  });
}

for (const [status, tries] of [
  [500, limits.requestTries],
  [429, limits.requestTries],
  [401, 1],
  [204, 1],
  [302, 1],
] as const) {
  test(`status ${status} is a failure after ${tries} tries, and no redirect is followed`, async (t) => {
    const mirror = await openServed(t, (_, response) => reply(response, status, { location: '/elsewhere' }));
    await assert.rejects(mirror.fetchFile(['x'], 100), hasCode('TUF_MIRROR_FAILED'));
    assert.deepEqual(
      mirror.server.asked(),
      Array.from({ length: tries }, () => 'GET /base/x'),
    );
  });
}

test('a server that never stops sending is left at the cap', async (t) => {
  let sent = 0;
  const endless = function* (): Generator<Buffer> {
    for (;;) {
      sent += CHUNK_BYTES;
      yield Buffer.alloc(CHUNK_BYTES);
    }
  };
  const mirror = await openServed(t, async (_, response) => pipeline(endless, response).catch(() => undefined));
  await assert.rejects(mirror.fetchFile(['timestamp.json'], limits.tufTimestampBytes), hasCode('INPUT_TOO_LARGE'));
  assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes were sent`);
});

test('a server that drips for ever is left when the time for one file is over', async (t) => {
  const mirror = await openServed(
    t,
    (_, response) => {
      const timer = setInterval(() => response.write(' '), 20);
      response.once('close', () => clearInterval(timer));
    },
    300,
  );
  const start = performance.now();
  await assert.rejects(mirror.fetchFile(['timestamp.json'], limits.tufTimestampBytes), hasCode('TUF_MIRROR_FAILED'));
  assert.ok(performance.now() - start < 3000);
});

test('an end of the whole run ends a fetch with its own reason', async (t) => {
  const server = await startScriptedServer(t, () => undefined);
  const reason = new Error('enough');
  const ending = new AbortController();
  const runtime = createTestRuntime(t, { signal: ending.signal });
  const fetched = openMirror(`http://${server.host}`, { runtime }).fetchFile(['x'], 100);
  setTimeout(() => ending.abort(reason), 50);
  await assert.rejects(fetched, reason);
});

test('a folder is a mirror too', async (t) => {
  const folder = createScratchFolder('tuf-mirror');
  writeFileSync(join(folder, 'timestamp.json'), '{"a":1}');
  const mirror = openMirror(pathToFileURL(folder).href, { runtime: createTestRuntime(t) });
  assert.equal(Buffer.from((await mirror.fetchFile(['timestamp.json'], 100)) ?? []).toString(), '{"a":1}');
  assert.equal(await mirror.fetchFile(['2.root.json'], 100), undefined);
  await assert.rejects(mirror.fetchFile(['timestamp.json'], 3), hasCode('INPUT_TOO_LARGE'));
  await assert.rejects(
    openMirror('file:///', { runtime: createTestRuntime(t) }).fetchFile(['etc'], 3),
    hasCode('FILE_NOT_READABLE'),
  );
});

for (const address of [
  '',
  'tuf.example.com',
  'ftp://tuf.example.com',
  'https://user:secret@tuf.example.com',
  'https://tuf.example.com/?token=secret',
  'https://tuf.example.com/#a',
  'file://host/path',
]) {
  test(`${JSON.stringify(address)} is no address of a mirror, and no secret in it is repeated`, (t) => {
    assert.throws(
      () => openMirror(address, { runtime: createTestRuntime(t) }),
      (error) => hasCode('TUF_MIRROR_INVALID')(error) && !(error as Error).message.includes('secret'),
    );
  });
}
