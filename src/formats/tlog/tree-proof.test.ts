import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import fc from 'fast-check';

import {
  inclusionHashesOf,
  leafHashOf as plainLeafHashOf,
  rootHashOf,
} from '../../../test/support/virtual-sigstore/merkle-tree.ts';
import { hexOf, parseHex, utf8Of } from '../../base/bytes.ts';
import { sha256HexOf } from '../../crypto/hash.ts';
import { inclusionRootOf, isConsistent, leafHashOf } from './merkle.ts';
import { encodeTilePath } from './tile-path.ts';
import { encodeTile } from './tile.ts';
import type { Tile } from './tile.ts';
import { emptyEdge, grownEdge } from './tree-edge.ts';
import { fetchConsistencyProof, fetchInclusionProof, fetchRoot } from './tree-proof.ts';
import type { TileReader } from './tree-proof.ts';

interface GoVectors {
  readonly roots: Readonly<Record<string, string>>;
  readonly inclusion: readonly GoProof[];
  readonly consistency: readonly GoProof[];
  readonly tiles: readonly { readonly path: string; readonly sha256: string }[];
}

/** Of an entry in a tree, or of one tree in another. */
interface GoProof {
  readonly first: number;
  readonly second: number;
  readonly hashes: readonly string[];
}

const vectors = JSON.parse(
  readFileSync(new URL('../../../test/vectors/go-tlog/vectors.json', import.meta.url), 'utf8'),
) as GoVectors;
const goLeaves = 66_000;

/** The widest tile of each place, as a log holds them. */
function tilesOf(leafHashes: readonly Uint8Array[], batch = leafHashes.length): ReadonlyMap<string, Tile> {
  const tiles = new Map<string, Tile>();
  let edge = emptyEdge;
  for (let at = 0; at < leafHashes.length; at += batch) {
    const grown = grownEdge(edge, leafHashes.slice(at, at + batch));
    grown.changed.forEach(({ level, index, tile }) => tiles.set(`${level}/${index}`, tile));
    ({ edge } = grown);
  }
  return tiles;
}

function readerOf(tiles: ReadonlyMap<string, Tile>): TileReader {
  return async (level, index) => {
    const tile = tiles.get(`${level}/${index}`);
    assert.ok(tile !== undefined, `tile ${level}/${index} is asked for and not there`);
    return tile;
  };
}

const plainLeaves = Array.from({ length: 700 }, (_, index) => plainLeafHashOf(utf8Of(`leaf ${index}`)));
const readPlain = readerOf(tilesOf(plainLeaves));
const twoSizes = fc
  .integer({ min: 1, max: 700 })
  .chain((second) => fc.record({ first: fc.integer({ min: 0, max: second }), second: fc.constant(second) }));

test('proofs are those of the plain tree, also for trees smaller than the tiles', async () => {
  const place = fc
    .integer({ min: 1, max: 700 })
    .chain((size) => fc.record({ size: fc.constant(size), index: fc.nat(size - 1) }));
  await fc.assert(
    fc.asyncProperty(place, async ({ size, index }) => {
      const plain = plainLeaves.slice(0, size);
      const proof = await fetchInclusionProof(BigInt(index), BigInt(size), readPlain);
      assert.deepEqual(
        proof.map(hexOf),
        inclusionHashesOf(plain, index).map((hash) => hash.toString('hex')),
      );
      const root = await fetchRoot(BigInt(size), readPlain);
      assert.equal(hexOf(root), rootHashOf(plain).toString('hex'));
      const leaf = plain[index] ?? Buffer.alloc(0);
      assert.equal(hexOf(inclusionRootOf(leaf, BigInt(index), BigInt(size), proof) ?? leaf.subarray(1)), hexOf(root));
    }),
  );
});

test('a tree is consistent with each of its beginnings, and with nothing when one bit is another', async () => {
  await fc.assert(
    fc.asyncProperty(twoSizes, fc.nat(), fc.nat(255), async ({ first: firstSize, second: secondSize }, which, bit) => {
      const [first, second] = await Promise.all(
        [firstSize, secondSize].map(async (size) => ({
          size: BigInt(size),
          root: Buffer.from(await fetchRoot(BigInt(size), readPlain)),
        })),
      );
      assert.ok(first !== undefined && second !== undefined);
      const proof = (await fetchConsistencyProof(first.size, second.size, readPlain)).map((hash) => Buffer.from(hash));
      assert.equal(isConsistent(first, second, proof), true);
      // The empty tree begins every tree: of its root and the other's nothing is said.
      const told = firstSize === 0 ? [] : [first.root, second.root, ...proof];
      const hash = told[which % Math.max(1, told.length)];
      if (hash === undefined) return;
      hash[bit >> 3] = (hash[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.equal(isConsistent(first, second, proof), false);
    }),
    { numRuns: 300 },
  );
});

test('a consistency proof that is too long, too short, for other sizes or of other hashes proves nothing', async () => {
  await fc.assert(
    fc.asyncProperty(twoSizes, async ({ first: firstSize, second: secondSize }) => {
      const [first, second] = await Promise.all(
        [firstSize, secondSize].map(async (size) => ({
          size: BigInt(size),
          root: await fetchRoot(BigInt(size), readPlain),
        })),
      );
      assert.ok(first !== undefined && second !== undefined);
      const proof = await fetchConsistencyProof(first.size, second.size, readPlain);
      assert.equal(isConsistent(first, second, [...proof, second.root]), false);
      assert.equal(isConsistent({ ...first, size: second.size + 1n }, second, proof), false);
      if (proof.length === 0) return;
      assert.equal(isConsistent(first, second, proof.slice(1)), false);
      assert.equal(isConsistent(first, second, proof.slice(0, -1)), false);
      assert.equal(
        isConsistent(
          first,
          second,
          proof.map((hash) => hash.subarray(1)),
        ),
        false,
      );
    }),
    { numRuns: 200 },
  );
});

test('roots, proofs and tiles are those of the package by which Go checks its modules', async () => {
  const leaves = Array.from({ length: goLeaves }, (_, index) => leafHashOf(utf8Of(`leaf ${index}`)));
  const readTile = readerOf(tilesOf(leaves));
  for (const [size, root] of Object.entries(vectors.roots)) {
    assert.equal(hexOf(await fetchRoot(BigInt(size), readTile)), root, size);
  }
  for (const { first, second, hashes } of vectors.inclusion) {
    const proof = await fetchInclusionProof(BigInt(first), BigInt(second), readTile);
    assert.deepEqual(proof.map(hexOf), hashes, `entry ${first} of ${second}`);
  }
  for (const { first, second, hashes } of vectors.consistency) {
    const proof = await fetchConsistencyProof(BigInt(first), BigInt(second), readTile);
    assert.deepEqual(proof.map(hexOf), hashes, `${first} in ${second}`);
    const roots = [first, second].map((size) => ({ size: BigInt(size), root: parseHex(vectors.roots[size] ?? '') }));
    const [one, other] = roots;
    assert.ok(one !== undefined && other !== undefined && isConsistent(one, other, hashes.map(parseHex)));
  }
  const named = new Map<string, string>();
  for (const size of [257, 65_536, goLeaves]) {
    for (const { level, index, tile } of grownEdge(emptyEdge, leaves.slice(0, size)).changed) {
      named.set(`tile/8/${level}/${encodeTilePath({ index, width: tile.width })}`, sha256HexOf(encodeTile(tile)));
    }
  }
  assert.ok(vectors.tiles.length > 0);
  for (const { path, sha256 } of vectors.tiles) {
    assert.equal(named.get(path), sha256, path);
  }
});
