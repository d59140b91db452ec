/** Tiles: up to 256 neighbouring hashes of a Merkle tree, here with the nodes above them.
 *  @source c2sp.org/tlog-tiles, Merkle Tree */

import { InputError } from '../../base/errors.ts';
import { nodeHashOf } from './merkle.ts';
import { TILE_WIDTH } from './tile-path.ts';

/** Levels of the tree between the hashes of a tile and those of the tile above. */
export const TILE_HEIGHT = 8;

/** A tile never changes: a grown one is another. */
export interface Tile {
  /** 0 to 256. */
  readonly width: number;
  /** The hashes, then the nodes above them height by height, each at the place that it has in a full tile. */
  readonly nodes: Uint8Array;
}

const HASH_BYTES = 32;
const NODES = 2 * TILE_WIDTH - 1;

/** Bytes that a tile takes in memory. */
export const TILE_BYTES: number = NODES * HASH_BYTES;

export const emptyTile: Tile = { width: 0, nodes: new Uint8Array() };

/** Reads the hashes of a tile. Throws TILE_MALFORMED when they are not so many. */
export function parseTile(bytes: Uint8Array, width: number): Tile {
  if (bytes.length !== width * HASH_BYTES) {
    throw new InputError(
      'TILE_MALFORMED',
      `a tile of ${bytes.length} bytes, expected ${width} hashes of ${HASH_BYTES} bytes`,
    );
  }
  const hashes = Array.from({ length: width }, (_, at) => bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES));
  return grownTile(emptyTile, hashes);
}

/** The hashes of the tile, as they are served. */
export function encodeTile({ width, nodes }: Tile): Uint8Array {
  return nodes.slice(0, width * HASH_BYTES);
}

/** The tile with hashes after its own, at most 256 in all. */
export function grownTile(tile: Tile, hashes: readonly Uint8Array[]): Tile {
  const nodes = new Uint8Array(TILE_BYTES);
  nodes.set(tile.nodes);
  hashes.forEach((hash, at) => setNode(nodes, tile.width + at, hash));
  return { width: tile.width + hashes.length, nodes };
}

/** The node so many levels above the hashes of the tile, at this position of its level. */
export function nodeOfTile({ nodes }: Tile, height: number, position: number): Uint8Array {
  return nodeAt(nodes, height, position);
}

/** Sets a hash, and each node whose right child is now there. */
function setNode(nodes: Uint8Array, at: number, hash: Uint8Array): void {
  nodeAt(nodes, 0, at).set(hash);
  for (let height = 1, position = at; position % 2 === 1 && height <= TILE_HEIGHT; height += 1) {
    position = (position - 1) / 2;
    const [left, right] = [nodeAt(nodes, height - 1, 2 * position), nodeAt(nodes, height - 1, 2 * position + 1)];
    nodeAt(nodes, height, position).set(nodeHashOf(left, right));
  }
}

function nodeAt(nodes: Uint8Array, height: number, position: number): Uint8Array {
  const start = (2 * TILE_WIDTH - ((2 * TILE_WIDTH) >> height) + position) * HASH_BYTES;
  return nodes.subarray(start, start + HASH_BYTES);
}
