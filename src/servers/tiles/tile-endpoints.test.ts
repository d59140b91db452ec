import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { createMemoryIndex } from '../../../test/support/memory-index.ts';
import { createMemoryStore } from '../../../test/support/memory-store.ts';
import { textLogKind, textSubmission } from '../../../test/support/text-log.ts';
import { leafHashOf as plainLeafHashOf } from '../../../test/support/virtual-sigstore/merkle-tree.ts';
import { parseUtf8 } from '../../base/bytes.ts';
import type { Answer } from '../../serve/service.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { openTileLog } from './open-tile-log.ts';
import { tileEndpointsOf } from './tile-endpoints.ts';
import type { TileLog } from './tile-log.ts';

const ENTRIES = 300;

async function createLog(objects: ObjectStore): Promise<TileLog> {
  const log = await openTileLog({
    kind: textLogKind,
    objects,
    index: createMemoryIndex(),
    now: () => new Date(),
    gatherMs: 0,
  });
  await addTexts(log, 0, ENTRIES);
  return log;
}

async function addTexts(log: TileLog, start: number, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, at) => log.add(textSubmission(`text ${start + at}`))));
}

/** Asks the endpoint whose path begins as this one's. */
function ask(log: TileLog, objects: ObjectStore, path: string): Promise<Answer> {
  const [checkpoint, tiles] = tileEndpointsOf({ prefix: '/log', log, objects });
  const [, level = '', rest = ''] = /^\/log\/tile\/([^/]*)\/(.*)$/s.exec(path) ?? [];
  const endpoint = path === '/log/checkpoint' ? checkpoint : tiles;
  assert.ok(endpoint !== undefined);
  return endpoint.handle({
    method: 'GET',
    url: new URL('http://localhost'),
    headers: {},
    params: { level, path: rest },
    body: () => assert.fail('no body is wanted'),
  });
}

test('the checkpoint and every tile and bundle under it are served, wide and narrow ones', async () => {
  const objects = createMemoryStore();
  const log = await createLog(objects);
  const endpoints = tileEndpointsOf({ prefix: '/log', log, objects });
  assert.deepEqual(
    endpoints.map(({ method, path }) => [method, path]),
    [
      ['GET', '/log/checkpoint'],
      ['GET', '/log/tile/{level}/{path...}'],
    ],
  );
  const checkpoint = await ask(log, objects, '/log/checkpoint');
  assert.deepEqual(checkpoint.headers, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-cache' });
  assert.equal(parseUtf8(checkpoint.body), log.head().checkpoint);

  const hashes = Array.from({ length: ENTRIES }, (_, at) => plainLeafHashOf(Buffer.from(`text ${at}`)));
  const frames = Array.from({ length: ENTRIES }, (_, at) => textLogKind.frame(Buffer.from(`text ${at}`)));
  // Also partial ones of trees that were never published, or whose full tile is there by now: they are its beginning.
  for (const [path, start, end] of [
    ['000', 0, 256],
    ['000.p/7', 0, 7],
    ['001.p/44', 256, 300],
    ['001.p/1', 256, 257],
  ] as const) {
    const tile = await ask(log, objects, `/log/tile/0/${path}`);
    assert.deepEqual(Buffer.from(tile.body), Buffer.concat(hashes.slice(start, end)), path);
    assert.deepEqual(
      [tile.status, tile.headers],
      [200, { 'Content-Type': 'application/octet-stream', 'Cache-Control': 'public, max-age=31536000, immutable' }],
    );
    const bundle = await ask(log, objects, `/log/tile/entries/${path}`);
    assert.deepEqual(Buffer.from(bundle.body), Buffer.concat(frames.slice(start, end)), path);
  }
  assert.equal((await ask(log, objects, '/log/tile/1/000.p/1')).body.length, 32);
});

test('what is beyond the published head is not there', async () => {
  const objects = createMemoryStore();
  const log = await createLog(objects);
  for (const path of ['0/001', '0/001.p/45', '0/002.p/1', '1/000', '1/000.p/2', '2/000.p/1', '63/000', 'entries/001']) {
    await assert.rejects(ask(log, objects, `/log/tile/${path}`), hasCode('TILE_ABSENT'), path);
  }
});

test('whatever is no tile path is refused, and leads to no other object', async () => {
  const objects = createMemoryStore();
  const log = await createLog(objects);
  const refused = [
    '',
    '0/',
    '64/000',
    '00/000',
    '-1/000',
    'data/000',
    'side/000',
    '0/../../state',
    '0/000/',
    '0/1',
    'Entries/000',
  ];
  for (const path of [...refused, '0/000.p/0', '0/000\u0000', '%30/000', '0/x000/000', '0x0/000', '1e0/000']) {
    await assert.rejects(ask(log, objects, `/log/tile/${path}`), hasCode('TILE_PATH_MALFORMED'), path);
  }
});

test('a partial tile is served though the log grows meanwhile', async () => {
  const objects = createMemoryStore();
  const log = await createLog(objects);
  let isFirst = true;
  const growing: ObjectStore = {
    ...objects,
    read: async (key) => {
      if (isFirst) {
        isFirst = false;
        await addTexts(log, ENTRIES, 250);
      }
      return objects.read(key);
    },
  };
  const { body } = await ask(log, growing, '/log/tile/0/001.p/44');
  assert.equal(body.length, 44 * 32);
});

test('a tile that should be there and is not is told as a fault of the log', async () => {
  const objects = createMemoryStore();
  const log = await createLog(objects);
  await objects.remove(['texts/tile/0/000']);
  await assert.rejects(ask(log, objects, '/log/tile/0/000'), hasCode('LOG_DAMAGED'));
  await assert.rejects(log.inclusionProof(3n, 300n), hasCode('LOG_DAMAGED'));
});
