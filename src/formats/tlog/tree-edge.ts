/** How a tree grows: its right edge, which is all that is needed to add leaves and to know the root. */

import { subtreesOf, joinedHashOf } from './tree-proof.ts';
import { TILE_HEIGHT, emptyTile, grownTile, nodeOfTile } from './tile.ts';
import type { Tile } from './tile.ts';
import { TILE_WIDTH } from './tile-path.ts';

export interface TreeEdge {
  readonly size: bigint;
  /** The tile of each level that is not full yet, the lowest first; some are empty. */
  readonly tiles: readonly Tile[];
}

export interface PlacedTile {
  readonly level: number;
  readonly index: bigint;
  readonly tile: Tile;
}

export const emptyEdge: TreeEdge = { size: 0n, tiles: [] };

/** The edge after these leaves, and every tile that they changed: full ones, and on each level at most one partial. */
export function grownEdge(
  edge: TreeEdge,
  leafHashes: readonly Uint8Array[],
): { readonly edge: TreeEdge; readonly changed: readonly PlacedTile[] } {
  const tiles = [...edge.tiles];
  const changed: PlacedTile[] = [];
  let hashes = leafHashes;
  for (let level = 0; hashes.length > 0; level += 1) {
    const fullRoots: Uint8Array[] = [];
    let tile = tiles[level] ?? emptyTile;
    let { index } = openTileAt(edge.size, level);
    while (hashes.length > 0) {
      const taken = hashes.slice(0, TILE_WIDTH - tile.width);
      hashes = hashes.slice(taken.length);
      tile = grownTile(tile, taken);
      changed.push({ level, index, tile });
      if (tile.width === TILE_WIDTH) {
        fullRoots.push(nodeOfTile(tile, TILE_HEIGHT, 0));
        tile = emptyTile;
        index += 1n;
      }
    }
    tiles[level] = tile;
    hashes = fullRoots;
  }
  return { edge: { size: edge.size + BigInt(leafHashes.length), tiles }, changed };
}

/** Where the tile of this level stands that is not full in a tree of this size: width 0 to 255. */
export function openTileAt(size: bigint, level: number): { readonly index: bigint; readonly width: number } {
  const hashes = size >> BigInt(TILE_HEIGHT * level);
  return { index: hashes / BigInt(TILE_WIDTH), width: Number(hashes % BigInt(TILE_WIDTH)) };
}

/** The levels on which a tree of this size has tiles. */
export function levelsOf(size: bigint): number {
  let levels = 0;
  while (size >> BigInt(TILE_HEIGHT * levels) > 0n) levels += 1;
  return levels;
}

/** The root of the tree, 32 bytes. */
export function rootOfEdge({ size, tiles }: TreeEdge): Uint8Array {
  const hashes = subtreesOf({ start: 0n, end: size }).map(({ height, position }) => {
    const level = Math.floor(height / TILE_HEIGHT);
    const inTile = position % (1n << BigInt(TILE_HEIGHT - (height % TILE_HEIGHT)));
    return nodeOfTile(tiles[level] ?? emptyTile, height % TILE_HEIGHT, Number(inTile));
  });
  return joinedHashOf(hashes);
}
