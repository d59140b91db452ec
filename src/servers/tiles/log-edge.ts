/** Where a log grows: the edge of its tree and the bundle that is not full yet. Growing is pure: the same records after
 *  the same edge always give the same objects. */

import { concatBytes } from '../../base/bytes.ts';
import { leafHashOf } from '../../formats/tlog/merkle.ts';
import { encodeTile } from '../../formats/tlog/tile.ts';
import { TILE_WIDTH } from '../../formats/tlog/tile-path.ts';
import { emptyEdge, grownEdge, openTileAt } from '../../formats/tlog/tree-edge.ts';
import type { TreeEdge } from '../../formats/tlog/tree-edge.ts';
import type { NewObject } from '../../storage/object-store.ts';
import type { ObjectKeys } from './object-keys.ts';
import { encodeSide } from './side-bundle.ts';
import type { LogKind, LogRecord } from './tile-log.ts';

export interface LogEdge {
  readonly tree: TreeEdge;
  /** The bundle that is not full, and what belongs to it; empty where the last one is full. */
  readonly bundle: Uint8Array;
  readonly side: Uint8Array;
}

/** A record with the place that it was given. */
export interface PlacedRecord extends LogRecord {
  readonly index: bigint;
  readonly time: Date;
  readonly identity: Uint8Array;
}

export const emptyLogEdge: LogEdge = { tree: emptyEdge, bundle: new Uint8Array(), side: new Uint8Array() };

/** The edge after the records, and every object that they make. */
export function grownLogEdge(
  kind: LogKind,
  keys: ObjectKeys,
  edge: LogEdge,
  records: readonly PlacedRecord[],
): { readonly edge: LogEdge; readonly objects: readonly NewObject[] } {
  const { edge: tree, changed } = grownEdge(
    edge.tree,
    records.map(({ leaf }) => leafHashOf(leaf)),
  );
  const tiles = changed.map(({ level, index, tile }) => ({
    key: keys.tile(level, { index, width: tile.width }),
    bytes: encodeTile(tile),
  }));
  const bundles: NewObject[] = [];
  let { index, width } = openTileAt(edge.tree.size, 0);
  let { bundle, side } = edge;
  for (let at = 0; at < records.length;) {
    const taken = records.slice(at, at + TILE_WIDTH - width);
    bundle = concatBytes([bundle, ...taken.map(({ entry }) => kind.frame(entry))]);
    side = concatBytes([side, ...taken.map(encodeSide)]);
    width += taken.length;
    at += taken.length;
    bundles.push(
      { key: keys.bundle({ index, width }), bytes: bundle },
      { key: keys.side({ index, width }), bytes: side },
    );
    if (width === TILE_WIDTH) {
      [bundle, side, width] = [new Uint8Array(), new Uint8Array(), 0];
      index += 1n;
    }
  }
  return { edge: { tree, bundle, side }, objects: [...bundles, ...tiles] };
}
