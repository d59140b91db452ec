/** How tiles and bundles are named. @source c2sp.org/tlog-tiles, Merkle Tree */

import { InputError } from '../../base/errors.ts';

/** Hashes of a full tile, entries of a full bundle. */
export const TILE_WIDTH = 256;

/** Which tile of a level, or which bundle of a log. */
export interface TilePlace {
  /** Position among those of its level. */
  readonly index: bigint;
  /** 1 to 256: how many hashes or entries it holds; below 256 it is partial. */
  readonly width: number;
}

const PATH = /^((?:x\d{3}\/)*)(\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;
/** Enough for any index of 63 bits. */
const MAX_PATH_CHARACTERS = 40;

/** "x001/x234/067", with ".p/5" for a partial one. */
export function encodeTilePath({ index, width }: TilePlace): string {
  const digits = `${index}`;
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g) ?? [];
  const path = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/');
  return width === TILE_WIDTH ? path : `${path}.p/${width}`;
}

/** Reads what `encodeTilePath` writes, and no other spelling of it. Throws TILE_PATH_MALFORMED. */
export function parseTilePath(path: string): TilePlace {
  const [, heads, last, partial] = (path.length <= MAX_PATH_CHARACTERS && PATH.exec(path)) || [];
  const index = BigInt(`${heads ?? ''}${last ?? ''}`.replaceAll(/[x/]/g, '') || '0');
  const place = { index, width: partial === undefined ? TILE_WIDTH : Number(partial) };
  // Leading zeroes, and a partial tile of full width or more, are other spellings.
  if (last === undefined || place.width > TILE_WIDTH || encodeTilePath(place) !== path) {
    throw new InputError('TILE_PATH_MALFORMED', 'expected the path of a tile, such as x001/234 or x001/234.p/5');
  }
  return place;
}
