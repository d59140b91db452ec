/** Where a log keeps what in the object store. */

import { encodeTilePath } from '../../formats/tlog/tile-path.ts';
import type { TilePlace } from '../../formats/tlog/tile-path.ts';
import { levelsOf, openTileAt } from '../../formats/tlog/tree-edge.ts';
import type { LogKind } from './tile-log.ts';

export interface ObjectKeys {
  /** The one object that says how far the log has come: what is not in it has not happened. */
  readonly state: string;
  /** The signed head as it is served. */
  readonly checkpoint: string;
  readonly tile: (level: number, place: TilePlace) => string;
  readonly bundle: (place: TilePlace) => string;
  /** What belongs to the entries of a bundle and is not served: times, identities, keys. */
  readonly side: (place: TilePlace) => string;
  /** Everything that a batch writes, in one object, until it is written. */
  readonly staging: (name: string) => string;
  /** Folders of objects that only a log that has begun has. */
  readonly folders: readonly string[];
  readonly stagingFolder: string;
}

export function objectKeysOf({ name, bundleFolder }: LogKind): ObjectKeys {
  const stagingFolder = `${name}/staging/`;
  return {
    state: `${name}/state`,
    checkpoint: `${name}/checkpoint`,
    tile: (level, place) => `${name}/tile/${level}/${encodeTilePath(place)}`,
    bundle: (place) => `${name}/tile/${bundleFolder}/${encodeTilePath(place)}`,
    side: (place) => `${name}/side/${encodeTilePath(place)}`,
    staging: (batch) => `${stagingFolder}${batch}`,
    folders: [`${name}/tile/`, `${name}/side/`, stagingFolder],
    stagingFolder,
  };
}

/** The tiles and bundles of a tree of this size that are not full: a larger tree has others in their place. */
export function partialKeysOf(keys: ObjectKeys, size: bigint): readonly string[] {
  const tiles = Array.from({ length: levelsOf(size) }, (_, level) => ({ level, place: openTileAt(size, level) }))
    .filter(({ place }) => place.width > 0)
    .map(({ level, place }) => keys.tile(level, place));
  const last = openTileAt(size, 0);
  return last.width === 0 ? tiles : [...tiles, keys.bundle(last), keys.side(last)];
}
