/** Reads a log: its entries from bundles, its proofs from tiles. What is full is read from the store and never changes;
 *  what is not full is held in memory, together with the head that it belongs to. */

import { isSameBytes } from '../../base/bytes.ts';
import { InputError, NotFoundError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { TILE_BYTES, TILE_HEIGHT, emptyTile, nodeOfTile, parseTile } from '../../formats/tlog/tile.ts';
import type { Tile } from '../../formats/tlog/tile.ts';
import { TILE_WIDTH } from '../../formats/tlog/tile-path.ts';
import { openTileAt } from '../../formats/tlog/tree-edge.ts';
import { fetchConsistencyProof, fetchInclusionProof, fetchRoot } from '../../formats/tlog/tree-proof.ts';
import type { TileReader } from '../../formats/tlog/tree-proof.ts';
import type { ObjectReader, ObjectStore } from '../../storage/object-store.ts';
import { createByteCache } from './byte-cache.ts';
import type { Cached } from './byte-cache.ts';
import { damaged, readingObject } from './log-damage.ts';
import type { LogEdge } from './log-edge.ts';
import type { ObjectKeys } from './object-keys.ts';
import { cutSideBundle, parseSide } from './side-bundle.ts';
import type { EntrySide } from './side-bundle.ts';
import type { LogKind, LoggedEntry, TileLog, TreeHead } from './tile-log.ts';

/** The head of a log with what is needed to go on from it. */
export interface LogView {
  readonly head: TreeHead;
  readonly edge: LogEdge;
}

/** Entries with what belongs to them. */
export interface Bundle {
  readonly entries: readonly Uint8Array[];
  /** Each is read, and checked together with its entry, when it is needed: most reads need one of 256. Throws
   *  LOG_DAMAGED. */
  readonly side: (at: number) => EntrySide;
}

export interface LogReader extends Pick<
  TileLog,
  'read' | 'readFrom' | 'leafHash' | 'inclusionProof' | 'consistencyProof' | 'rootAt'
> {
  readonly readTile: TileReader;
  /** Throws LOG_DAMAGED. */
  readonly readBundle: (index: bigint) => Promise<Bundle>;
}

const none = new Uint8Array();

export function openLogReader(kind: LogKind, keys: ObjectKeys, objects: ObjectStore, view: () => LogView): LogReader {
  const tiles = createByteCache<Tile>(limits.logTileCacheBytes);
  const bundles = createByteCache<Bundle>(limits.logBundleCacheBytes);
  const readTile: TileReader = async (level, index) => {
    const { tree } = view().edge;
    if (index === openTileAt(tree.size, level).index) return tree.tiles[level] ?? emptyTile;
    const key = keys.tile(level, { index, width: TILE_WIDTH });
    return tiles(key, async () => {
      const bytes = await readObject(objects, key);
      const tile = readingObject(key, () => parseTile(bytes, TILE_WIDTH));
      // Up to the edge, of which it is known: what was damaged on the disk proves nothing.
      const parent = await readTile(level + 1, index / BigInt(TILE_WIDTH));
      const node = nodeOfTile(parent, 0, Number(index % BigInt(TILE_WIDTH)));
      if (!isSameBytes(nodeOfTile(tile, TILE_HEIGHT, 0), node)) throw damaged(`${key} is not part of this tree`);
      return { value: tile, bytes: TILE_BYTES };
    });
  };
  const readBundle = async (index: bigint): Promise<Bundle> => {
    const { edge } = view();
    const open = openTileAt(edge.tree.size, 0);
    if (index === open.index) return parseBundle(kind, edge.bundle, edge.side, open.width);
    const place = { index, width: TILE_WIDTH };
    return bundles(keys.bundle(place), () => fetchBundle(kind, objects, keys.bundle(place), keys.side(place)));
  };
  const readFrom = async (index: bigint, most: number): Promise<readonly LoggedEntry[]> => {
    requireEntry(index, view().head.size);
    const { index: at, width: skipped } = openTileAt(index, 0);
    const { entries, side } = await readBundle(at);
    return entries.slice(skipped, skipped + Math.max(1, most)).map((entry, nth) => ({
      index: index + BigInt(nth),
      time: side(skipped + nth).time,
      entry,
    }));
  };
  return {
    readTile,
    readBundle,
    readFrom,
    read: async (index) => {
      const [entry] = await readFrom(index, 1);
      if (entry === undefined) throw damaged(`entry ${index} is missing`);
      return entry;
    },
    leafHash: async (index) => {
      requireEntry(index, view().head.size);
      const { index: at, width: skipped } = openTileAt(index, 0);
      return nodeOfTile(await readTile(0, at), 0, skipped);
    },
    ...proofsOver(readTile, view),
  };
}

type Proofs = Pick<LogReader, 'inclusionProof' | 'consistencyProof' | 'rootAt'>;

function proofsOver(readTile: TileReader, view: () => LogView): Proofs {
  return {
    inclusionProof: async (index, size) => {
      requireSize(size, view().head.size);
      requireEntry(index, size);
      return fetchInclusionProof(index, size, readTile);
    },
    consistencyProof: async (first, second) => {
      requireSize(second, view().head.size);
      requireSize(first, second);
      return fetchConsistencyProof(first, second, readTile);
    },
    rootAt: async (size) => {
      requireSize(size, view().head.size);
      return fetchRoot(size, readTile);
    },
  };
}

/** An object that must be there. Throws LOG_DAMAGED. */
export async function readObject(objects: ObjectReader, key: string): Promise<Uint8Array> {
  const object = await objects.read(key);
  if (object === undefined) throw damaged(`${key} is missing`);
  return object.bytes;
}

/** Cuts a bundle of so many entries. Throws LOG_DAMAGED. */
export function parseBundle(kind: LogKind, bundle: Uint8Array, side: Uint8Array, width: number): Bundle {
  const entries = readingObject('bundle', () => kind.cut(bundle));
  const sides = readingObject('side bundle', () => cutSideBundle(side));
  if (entries.length !== width || sides.length !== width) {
    throw damaged(`a bundle of ${entries.length} entries with times of ${sides.length}, expected ${width}`);
  }
  return {
    entries,
    side: (at) => readingObject(`entry ${at} of a bundle`, () => parseSide(sides[at] ?? none, entries[at] ?? none)),
  };
}

async function fetchBundle(
  kind: LogKind,
  objects: ObjectStore,
  bundleKey: string,
  sideKey: string,
): Promise<Cached<Bundle>> {
  const [bundle, side] = await Promise.all([readObject(objects, bundleKey), readObject(objects, sideKey)]);
  const value = readingObject(bundleKey, () => parseBundle(kind, bundle, side, TILE_WIDTH));
  return { value, bytes: bundle.length + side.length };
}

function requireEntry(index: bigint, size: bigint): void {
  if (index < 0n || index >= size) {
    throw new NotFoundError('LOG_ENTRY_ABSENT', `there is no entry ${index} among ${size}`);
  }
}

function requireSize(size: bigint, most: bigint): void {
  if (size < 0n || size > most) {
    throw new InputError('LOG_SIZE_UNKNOWN', `no tree of ${size} entries: expected 0 to ${most}`);
  }
}
