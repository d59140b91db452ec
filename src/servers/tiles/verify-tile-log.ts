/** Walks through a whole log as it is stored and checks that it leads to what was signed. Reads only objects, in constant
 *  memory, and may run beside the process that writes the log. */

import { hexOf, isSameBytes, parseUtf8 } from '../../base/bytes.ts';
import { isErrorWithCode } from '../../base/errors.ts';
import { parseCheckpoint } from '../../formats/tlog/checkpoint.ts';
import { TILE_WIDTH } from '../../formats/tlog/tile-path.ts';
import { openTileAt, rootOfEdge } from '../../formats/tlog/tree-edge.ts';
import type { ObjectReader } from '../../storage/object-store.ts';
import { damaged, readingObject } from './log-damage.ts';
import { emptyLogEdge, grownLogEdge } from './log-edge.ts';
import type { LogEdge, PlacedRecord } from './log-edge.ts';
import { parseBundle, readObject } from './log-reader.ts';
import { parseLogState } from './log-state.ts';
import { objectKeysOf, partialKeysOf } from './object-keys.ts';
import type { ObjectKeys } from './object-keys.ts';
import type { LogKind } from './tile-log.ts';

export interface VerifyTileLogOptions {
  readonly kind: LogKind;
  readonly objects: ObjectReader;
  readonly onProgress?: (checked: bigint, size: bigint) => void;
}

/** What was published, and found to be so. Its signature is not checked here. */
export interface VerifiedTileLog {
  readonly size: bigint;
  readonly root: Uint8Array;
  readonly checkpoint: string;
}

/** Every entry gives its leaf, every tile holds what its entries make, and all lead to the published root. Throws
 *  LOG_DAMAGED with the first thing that is not so. */
export async function verifyTileLog(options: VerifyTileLogOptions): Promise<VerifiedTileLog> {
  const { kind, objects, onProgress } = options;
  const keys = objectKeysOf(kind);
  let published = await readPublished(objects, keys);
  let edge = emptyLogEdge;
  let time = new Date(0);
  while (edge.tree.size < published.size) {
    try {
      ({ edge, time } = await checkBundle(options, keys, edge, time, published.size));
      onProgress?.(edge.tree.size, published.size);
    } catch (error) {
      // Beside a writer the last bundle may have been replaced by a longer one, under a newer head.
      const newer = await readPublished(objects, keys);
      if (!isErrorWithCode(error, 'LOG_DAMAGED') || newer.size === published.size) throw error;
      published = newer;
    }
  }
  const root = rootOfEdge(edge.tree);
  if (edge.tree.size !== published.size || !isSameBytes(root, published.root)) {
    throw damaged(`the entries lead to the root ${hexOf(root)}, the checkpoint has ${hexOf(published.root)}`);
  }
  await requireState(objects, keys, published);
  return published;
}

async function readPublished(objects: ObjectReader, keys: ObjectKeys): Promise<VerifiedTileLog> {
  const bytes = await readObject(objects, keys.checkpoint);
  return readingObject(keys.checkpoint, () => {
    const checkpoint = parseUtf8(bytes);
    const { treeSize: size, rootHash: root } = parseCheckpoint(checkpoint);
    return { size, root, checkpoint };
  });
}

/** Adds the next bundle to the edge, as the log did, and compares what that makes with what is stored. */
async function checkBundle(
  { kind, objects }: VerifyTileLogOptions,
  keys: ObjectKeys,
  edge: LogEdge,
  earliest: Date,
  size: bigint,
): Promise<{ readonly edge: LogEdge; readonly time: Date }> {
  const { index } = openTileAt(edge.tree.size, 0);
  const last = openTileAt(size, 0);
  const place = { index, width: index === last.index ? last.width : TILE_WIDTH };
  const [bundle, side] = await Promise.all([
    readObject(objects, keys.bundle(place)),
    readObject(objects, keys.side(place)),
  ]);
  const records = readingObject(keys.bundle(place), () => recordsOf(kind, edge.tree.size, bundle, side, place.width));
  let time = earliest;
  for (const record of records) {
    if (record.time < time) throw damaged(`entry ${record.index} is older than the one before it`);
    ({ time } = record);
  }
  const grown = grownLogEdge(kind, keys, edge, records);
  const partials = new Set(partialKeysOf(keys, size));
  for (const { key, bytes } of grown.objects) {
    // A partial tile of a smaller tree than the published one need not be there.
    const isExpected = !key.includes('.p/') || partials.has(key);
    if (isExpected && !isSameBytes(await readObject(objects, key), bytes)) {
      throw damaged(`${key} does not hold what the entries make`);
    }
  }
  return { edge: grown.edge, time };
}

function recordsOf(
  kind: LogKind,
  start: bigint,
  bundle: Uint8Array,
  side: Uint8Array,
  width: number,
): readonly PlacedRecord[] {
  const { entries, side: sideOf } = parseBundle(kind, bundle, side, width);
  return entries.map((entry, at) => ({ ...sideOf(at), index: start + BigInt(at), entry, leaf: kind.leafOf(entry) }));
}

/** What was published must be in the state, which may be one batch ahead. */
async function requireState(objects: ObjectReader, keys: ObjectKeys, { size, root }: VerifiedTileLog): Promise<void> {
  const { head } = parseLogState(await readObject(objects, keys.state));
  if (head.size < size || (head.size === size && !isSameBytes(head.root, root))) {
    throw damaged(`the state is of ${head.size} entries, and a checkpoint of ${size} was published from another`);
  }
}
