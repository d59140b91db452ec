import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { hasCode } from '../../../test/support/error-code.ts';
import { leafHashOf as plainLeafHashOf, rootHashOf } from '../../../test/support/virtual-sigstore/merkle-tree.ts';
import { hexOf, utf8Of } from '../../base/bytes.ts';
import { encodeTilePath } from './tile-path.ts';
import { emptyTile, encodeTile, grownTile, nodeOfTile, parseTile } from './tile.ts';
import { emptyEdge, grownEdge, levelsOf, openTileAt, rootOfEdge } from './tree-edge.ts';
import type { TreeEdge } from './tree-edge.ts';

const leaves: readonly Buffer[] = Array.from({ length: 1200 }, (_, index) => plainLeafHashOf(utf8Of(`leaf ${index}`)));

/** All tiles that were written on the way, by name. */
function growInBatches(sizes: readonly number[]): { readonly edge: TreeEdge; readonly tiles: Map<string, string> } {
  const tiles = new Map<string, string>();
  let edge = emptyEdge;
  for (const size of sizes) {
    const start = Number(edge.size);
    const grown = grownEdge(edge, leaves.slice(start, start + size));
    for (const { level, index, tile } of grown.changed) {
      const path = `${level}/${encodeTilePath({ index, width: tile.width })}`;
      const hashes = hexOf(encodeTile(tile));
      // A tile that is written again is the same: that is what makes repeating a batch harmless.
      assert.ok(tiles.get(path) === undefined || tiles.get(path) === hashes, path);
      tiles.set(path, hashes);
    }
    ({ edge } = grown);
  }
  return { edge, tiles };
}

test('a tree has the root of the plain tree over its leaves, in whatever batches it grew', () => {
  const batches = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(batches, (sizes) => {
      const { edge, tiles } = growInBatches(sizes);
      const size = sizes.reduce((sum, each) => sum + each, 0);
      assert.equal(edge.size, BigInt(size));
      assert.equal(hexOf(rootOfEdge(edge)), rootHashOf(leaves.slice(0, size)).toString('hex'));
      const whole = growInBatches([size]);
      assert.deepEqual(edge, whole.edge);
      for (const [path, hashes] of whole.tiles) {
        // Level 1 and up: the whole goes through fewer partial ones, and every one of them is there.
        assert.equal(tiles.get(path), hashes, path);
      }
    }),
    { numRuns: 60 },
  );
});

test('each hash of a tile is the root of the plain tree below it', () => {
  const { tiles } = growInBatches([1200]);
  assert.deepEqual(Array.from(tiles.keys()).toSorted(), [
    '0/000',
    '0/001',
    '0/002',
    '0/003',
    '0/004.p/176',
    '1/000.p/4',
  ]);
  const roots = [0, 1, 2, 3].map((at) => rootHashOf(leaves.slice(256 * at, 256 * (at + 1))).toString('hex'));
  assert.equal(tiles.get('1/000.p/4'), roots.join(''));
  assert.equal(tiles.get('0/004.p/176'), Buffer.concat(leaves.slice(1024, 1200)).toString('hex'));
});

test('levels and their open tiles follow from the size', () => {
  const places = (size: bigint): unknown =>
    Array.from({ length: levelsOf(size) }, (_, level) => openTileAt(size, level)).map(({ index, width }) => [
      Number(index),
      width,
    ]);
  assert.deepEqual(places(0n), []);
  assert.deepEqual(places(255n), [[0, 255]]);
  assert.deepEqual(places(256n), [
    [1, 0],
    [0, 1],
  ]);
  // @source c2sp.org/tlog-tiles, Partial Tiles
  assert.deepEqual(places(70_000n), [
    [273, 112],
    [1, 17],
    [0, 1],
  ]);
});

test('the nodes of a tile are the roots of the plain trees over its hashes', () => {
  const tile = grownTile(grownTile(emptyTile, leaves.slice(0, 100)), leaves.slice(100, 256));
  assert.deepEqual(tile, parseTile(Buffer.concat(leaves.slice(0, 256)), 256));
  for (const [height, position] of [
    [0, 255],
    [1, 127],
    [3, 5],
    [7, 1],
    [8, 0],
  ] as const) {
    const start = position * 2 ** height;
    const plain = rootHashOf(leaves.slice(start, start + 2 ** height));
    assert.equal(hexOf(nodeOfTile(tile, height, position)), plain.toString('hex'), `${height} ${position}`);
  }
});

test('a tile of another length than its width is refused', () => {
  for (const bytes of [0, 31, 63, 65, 96]) {
    assert.throws(() => parseTile(new Uint8Array(bytes), 2), hasCode('TILE_MALFORMED'), `${bytes}`);
  }
});
