/** Serves a log as files: its checkpoint, tiles and bundles. @source c2sp.org/tlog-tiles; c2sp.org/static-ct-api */

import { concatBytes, utf8Of } from '../../base/bytes.ts';
import { InputError, NotFoundError } from '../../base/errors.ts';
import { TILE_WIDTH, parseTilePath } from '../../formats/tlog/tile-path.ts';
import type { TilePlace } from '../../formats/tlog/tile-path.ts';
import { openTileAt } from '../../formats/tlog/tree-edge.ts';
import { bytesAnswer } from '../../serve/answer.ts';
import type { Endpoint } from '../../serve/service.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { damaged, readingObject } from './log-damage.ts';
import { objectKeysOf } from './object-keys.ts';
import type { TileLog } from './tile-log.ts';

export interface ServedLog {
  /** "/ctlog"; empty for the root of the host. */
  readonly prefix: string;
  readonly log: TileLog;
  /** The store in which the log is. */
  readonly objects: ObjectStore;
}

const HASH_BYTES = 32;
const MAX_LEVEL = 63;
/** Times that a partial object is looked for: each time it is gone, the log has grown. */
const TRIES = 5;

/** Endpoints `checkpoint`, `tile/{level}/{path...}` below the prefix. They throw TILE_PATH_MALFORMED, TILE_ABSENT,
 *  LOG_DAMAGED. */
export function tileEndpointsOf(served: ServedLog): readonly Endpoint[] {
  const { prefix, log } = served;
  return [
    {
      method: 'GET',
      path: `${prefix}/checkpoint`,
      handle: async () =>
        bytesAnswer(200, 'text/plain; charset=utf-8', utf8Of(log.head().checkpoint), { 'Cache-Control': 'no-cache' }),
    },
    {
      method: 'GET',
      path: `${prefix}/tile/{level}/{path...}`,
      handle: async ({ params: { level = '', path = '' } }) =>
        bytesAnswer(
          200,
          'application/octet-stream',
          await readPart(served, requirePart(log, level), parseTilePath(path)),
          {
            'Cache-Control': 'public, max-age=31536000, immutable',
          },
        ),
    },
  ];
}

/** A level of tiles, or the bundles. */
type Part = number | 'bundles';

function requirePart({ kind }: TileLog, text: string): Part {
  if (text === kind.bundleFolder) return 'bundles';
  if (!/^(?:0|[1-9]\d?)$/.test(text) || Number(text) > MAX_LEVEL) {
    throw new InputError('TILE_PATH_MALFORMED', `expected a level from 0 to ${MAX_LEVEL}, or ${kind.bundleFolder}`);
  }
  return Number(text);
}

/** Only the widest partial object of a place is kept, and full ones: narrower ones are their beginnings. */
async function readPart({ log, objects }: ServedLog, part: Part, wanted: TilePlace): Promise<Uint8Array> {
  const keys = objectKeysOf(log.kind);
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const held = heldPlace(log, part, wanted);
    const key = part === 'bundles' ? keys.bundle(held) : keys.tile(part, held);
    const object = await objects.read(key);
    if (object !== undefined) {
      return held.width === wanted.width
        ? object.bytes
        : readingObject(key, () => beginningOf(log, part, object.bytes, wanted.width));
    }
  }
  throw damaged('a tile or bundle that a published checkpoint covers is missing');
}

/** The object in which the wanted one is, under the newest head. */
function heldPlace(log: TileLog, part: Part, { index, width }: TilePlace): TilePlace {
  const open = openTileAt(log.head().size, part === 'bundles' ? 0 : part);
  if (index > open.index || (index === open.index && width > open.width)) {
    throw new NotFoundError('TILE_ABSENT', 'the newest checkpoint is of a smaller tree');
  }
  return { index, width: index === open.index ? open.width : TILE_WIDTH };
}

function beginningOf({ kind }: TileLog, part: Part, bytes: Uint8Array, width: number): Uint8Array {
  return part === 'bundles'
    ? concatBytes(kind.cut(bytes).slice(0, width).map(kind.frame))
    : bytes.subarray(0, width * HASH_BYTES);
}
