/** Proofs about a tree, made from its tiles. Each hash of a proof is that of a range of leaves, and each range is made of
 *  whole subtrees, whose nodes stand in tiles. @source RFC 6962 sections 2.1.1 and 2.1.2 */

import { hashOf } from '../../crypto/hash.ts';
import { nodeHashOf } from './merkle.ts';
import { TILE_HEIGHT, nodeOfTile } from './tile.ts';
import type { Tile } from './tile.ts';

/** Reads a tile that holds at least what the tree of the proof's size has of it. */
export type TileReader = (level: number, index: bigint) => Promise<Tile>;

/** Leaves from start up to end, which is not among them. */
interface LeafRange {
  readonly start: bigint;
  readonly end: bigint;
}

/** A node over 2^height leaves, at this position among those of its height. */
interface Subtree {
  readonly height: number;
  readonly position: bigint;
}

/** The root of the tree of this size. */
export function fetchRoot(size: bigint, readTile: TileReader): Promise<Uint8Array> {
  return fetchRangeHash({ start: 0n, end: size }, readTile);
}

/** The path from a leaf of the tree of this size: hashes from the leaf upwards. Expects index < size. */
export function fetchInclusionProof(index: bigint, size: bigint, readTile: TileReader): Promise<readonly Uint8Array[]> {
  return fetchRangeHashes(pathRanges({ start: 0n, end: size }, index), readTile);
}

/** That the tree of the second size begins with the one of the first. Expects first <= second; empty where there is
 *  nothing to prove: from the empty tree, and from a tree to itself. */
export function fetchConsistencyProof(
  first: bigint,
  second: bigint,
  readTile: TileReader,
): Promise<readonly Uint8Array[]> {
  return fetchRangeHashes(first === 0n ? [] : consistencyRanges(first, second), readTile);
}

/** The whole subtrees of which a range is made, from the left. */
export function subtreesOf({ start, end }: LeafRange): readonly Subtree[] {
  const subtrees: Subtree[] = [];
  for (let at = start; at < end;) {
    const height = bitLength(end - at) - 1;
    subtrees.push({ height, position: at >> BigInt(height) });
    at += 1n << BigInt(height);
  }
  return subtrees;
}

/** The hash over neighbouring subtrees, which become smaller to the right; over none, that of the empty tree. */
export function joinedHashOf(hashes: readonly Uint8Array[]): Uint8Array {
  return hashes.length === 0
    ? hashOf('sha256', new Uint8Array())
    : hashes.reduceRight((right, left) => nodeHashOf(left, right));
}

/** The other side at each fork on the way from the root to the leaf, from the leaf upwards. */
function pathRanges(tree: LeafRange, index: bigint): readonly LeafRange[] {
  const ranges: LeafRange[] = [];
  let { start, end } = tree;
  while (end - start > 1n) {
    const middle = start + splitOf(end - start);
    if (index < middle) {
      ranges.push({ start: middle, end });
      end = middle;
    } else {
      ranges.push({ start, end: middle });
      start = middle;
    }
  }
  return ranges.toReversed();
}

/** As a path, to where the first tree ends on the right edge of a subtree; that one too, where it is not the whole. */
function consistencyRanges(first: bigint, second: bigint): readonly LeafRange[] {
  const ranges: LeafRange[] = [];
  let [start, end] = [0n, second];
  while (first !== end) {
    const middle = start + splitOf(end - start);
    if (first <= middle) {
      ranges.push({ start: middle, end });
      end = middle;
    } else {
      ranges.push({ start, end: middle });
      start = middle;
    }
  }
  return [...ranges, ...(start === 0n ? [] : [{ start, end }])].toReversed();
}

function fetchRangeHashes(ranges: readonly LeafRange[], readTile: TileReader): Promise<readonly Uint8Array[]> {
  return Promise.all(ranges.map((range) => fetchRangeHash(range, readTile)));
}

async function fetchRangeHash(range: LeafRange, readTile: TileReader): Promise<Uint8Array> {
  return joinedHashOf(
    await Promise.all(
      subtreesOf(range).map(async ({ height, position }) => {
        const inTile = BigInt(TILE_HEIGHT - (height % TILE_HEIGHT));
        const tile = await readTile(Math.floor(height / TILE_HEIGHT), position >> inTile);
        return nodeOfTile(tile, height % TILE_HEIGHT, Number(position % (1n << inTile)));
      }),
    ),
  );
}

/** The largest power of two below the size of a tree with more than one leaf. */
function splitOf(size: bigint): bigint {
  return 1n << BigInt(bitLength(size - 1n) - 1);
}

function bitLength(value: bigint): number {
  return value.toString(2).length;
}
