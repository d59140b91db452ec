/** Opens what a log left behind, whether it was closed or its process was killed: finishes the batch that was in the log
 *  when its process died, and finds out whether it may go on. A log that may not is still read where reading is sound. */

import { isSameBytes, parseUtf8, utf8Of } from '../../base/bytes.ts';
import { CountersignError, isErrorWithCode, messageOf } from '../../base/errors.ts';
import { parseCheckpoint } from '../../formats/tlog/checkpoint.ts';
import { inclusionRootOf, leafHashOf } from '../../formats/tlog/merkle.ts';
import { emptyTile, nodeOfTile, parseTile } from '../../formats/tlog/tile.ts';
import type { Tile } from '../../formats/tlog/tile.ts';
import { levelsOf, openTileAt, rootOfEdge } from '../../formats/tlog/tree-edge.ts';
import type { IndexDatabase } from '../../storage/index-database.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { exchange, isFatalToStore } from './exchange.ts';
import { damaged, readingObject } from './log-damage.ts';
import { emptyLogEdge } from './log-edge.ts';
import type { LogEdge } from './log-edge.ts';
import { openLogReader, parseBundle, readObject } from './log-reader.ts';
import type { LogReader, LogView } from './log-reader.ts';
import { encodeLogState, parseLogState } from './log-state.ts';
import type { LogState } from './log-state.ts';
import { objectKeysOf, partialKeysOf } from './object-keys.ts';
import type { ObjectKeys } from './object-keys.ts';
import { parseStaging } from './staging.ts';
import type { LogKind, TreeHead } from './tile-log.ts';

export interface LogParts {
  readonly kind: LogKind;
  readonly objects: ObjectStore;
  readonly index: IndexDatabase;
  readonly now: () => Date;
}

export interface RecoveredLog {
  readonly view: LogView;
  readonly stateVersion: string | undefined;
  readonly checkpointVersion: string | undefined;
  /** Why nothing may be added. */
  readonly trouble: string | undefined;
}

interface Stored {
  readonly state: LogState;
  readonly stateVersion: string;
  readonly published: Published | undefined;
}

interface Published {
  readonly version: string;
  readonly note: string;
  /** Undefined where the note cannot be read. */
  readonly head: Pick<TreeHead, 'size' | 'root'> | undefined;
}

/** Throws LOG_DAMAGED when not even reading is sound, and what the store throws. */
export async function recoverLog(parts: LogParts): Promise<RecoveredLog> {
  const keys = objectKeysOf(parts.kind);
  // 1. What the log says of itself, and what it has told others.
  const stored = (await readStored(parts.objects, keys)) ?? (await createLog(parts, keys));
  const contradiction = contradictionOf(stored);
  // 2. A batch that is in the log is finished, byte for byte, before anything else.
  const unfinished = contradiction ?? (await attempt(() => replayStaging(parts, keys, stored.state)));
  // 3. The tree must be the one that was signed, down to its last entries.
  const { view, reader, unsound } = await openNewestView(parts, keys, stored);
  // 4. It must begin with the tree that everybody has seen; then its head may be seen too.
  const trouble = unfinished ?? unsound ?? (await attempt(() => requirePrefix(reader, stored.published)));
  const seen = trouble === undefined ? await publishHead(parts, keys, stored, view) : { view, version: undefined };
  // 5. The index is made from the log, never the other way round.
  const foreign = await attempt(() => catchUpIndex(parts, reader, view.head.size));
  // 6. What is left of earlier batches is of no use any more.
  if (trouble === undefined) await removeLeftovers(parts.objects, keys, stored.state);
  return {
    view: seen.view,
    stateVersion: stored.stateVersion,
    checkpointVersion: seen.version,
    trouble: trouble ?? foreign,
  };
}

async function readStored(objects: ObjectStore, keys: ObjectKeys): Promise<Stored | undefined> {
  const [state, checkpoint] = await Promise.all([objects.read(keys.state), objects.read(keys.checkpoint)]);
  if (state !== undefined) {
    const published = checkpoint && { version: checkpoint.version, ...readNote(checkpoint.bytes) };
    return { state: parseLogState(state.bytes), stateVersion: state.version, published };
  }
  const left = await Promise.all(keys.folders.map((folder) => objects.list(folder)));
  if (checkpoint !== undefined || left.flat().length > 0) {
    throw damaged(`${keys.state} is missing, but there are tiles: a part of the log was lost`);
  }
  return undefined;
}

function readNote(bytes: Uint8Array): Omit<Published, 'version'> {
  try {
    const note = parseUtf8(bytes);
    const { treeSize: size, rootHash: root } = parseCheckpoint(note);
    return { note, head: { size, root } };
  } catch (error) {
    if (error instanceof CountersignError) return { note: '', head: undefined };
    throw error;
  }
}

/** A new log begins with a signed head of no entries. */
async function createLog({ kind, objects, now }: LogParts, keys: ObjectKeys): Promise<Stored> {
  const head = { size: 0n, root: rootOfEdge(emptyLogEdge.tree), time: now() };
  const state = { head: { ...head, checkpoint: await kind.signHead(head) }, staging: '', previousSize: 0n };
  const stateVersion = await exchange(objects, keys.state, encodeLogState(state), undefined);
  return { state, stateVersion, published: undefined };
}

/** Going on from an older state would sign a second tree over what was published: a fork. */
function contradictionOf({ state, published }: Stored): string | undefined {
  if (published === undefined) return undefined;
  const { head } = published;
  if (head === undefined) return 'the published checkpoint cannot be read';
  if (head.size > state.head.size) {
    return `a checkpoint of ${head.size} entries was published, but the log has ${state.head.size}: was the data directory restored from an old backup?`;
  }
  return head.size === state.head.size && !isSameBytes(head.root, state.head.root)
    ? `the published checkpoint is of another tree of ${head.size} entries: was a part of the data directory restored from a backup?`
    : undefined;
}

/** Writes everything of the last batch that may be missing. Without its staging object it was all written. */
async function replayStaging({ objects }: LogParts, keys: ObjectKeys, { staging }: LogState): Promise<void> {
  const object = staging === '' ? undefined : await objects.read(keys.staging(staging));
  if (object !== undefined) {
    await objects.create(readingObject(keys.staging(staging), () => parseStaging(object.bytes)));
  }
}

/** The state's head where all its tiles are there; else the published one, only to be read from: it is not the newest. */
async function openNewestView(
  parts: LogParts,
  keys: ObjectKeys,
  { state, published }: Stored,
): Promise<{ readonly view: LogView; readonly reader: LogReader; readonly unsound?: string }> {
  try {
    return await openView(parts, keys, state.head);
  } catch (error) {
    if (!isErrorWithCode(error, 'LOG_DAMAGED')) throw error;
    if (published?.head === undefined || published.head.size === state.head.size) throw error;
    const head = { ...published.head, time: state.head.time, checkpoint: published.note };
    return { ...(await openView(parts, keys, head)), unsound: `the newest entries are not whole: ${error.message}` };
  }
}

/** Throws LOG_DAMAGED unless the tree's right edge and its last entries lead to the head's root. */
async function openView(
  { kind, objects }: LogParts,
  keys: ObjectKeys,
  head: TreeHead,
): Promise<{ readonly view: LogView; readonly reader: LogReader }> {
  const view = { head, edge: await readEdge(kind, objects, keys, head.size) };
  const reader = openLogReader(kind, keys, objects, () => view);
  if (!isSameBytes(rootOfEdge(view.edge.tree), head.root)) {
    throw damaged(`the tiles of ${head.size} entries do not lead to the root that was signed`);
  }
  if (head.size > 0n) await requireLastBundle(kind, reader, head);
  return { view, reader };
}

async function readEdge(kind: LogKind, objects: ObjectStore, keys: ObjectKeys, size: bigint): Promise<LogEdge> {
  const readTile = async (level: number): Promise<Tile> => {
    const place = openTileAt(size, level);
    if (place.width === 0) return emptyTile;
    const key = keys.tile(level, place);
    const bytes = await readObject(objects, key);
    return readingObject(key, () => parseTile(bytes, place.width));
  };
  const tiles = await Promise.all(Array.from({ length: levelsOf(size) }, (_, level) => readTile(level)));
  const last = openTileAt(size, 0);
  if (last.width === 0) return { ...emptyLogEdge, tree: { size, tiles } };
  const [bundle, side] = await Promise.all([
    readObject(objects, keys.bundle(last)),
    readObject(objects, keys.side(last)),
  ]);
  readingObject(keys.bundle(last), () => parseBundle(kind, bundle, side, last.width));
  return { tree: { size, tiles }, bundle, side };
}

async function requireLastBundle(kind: LogKind, reader: LogReader, { size, root }: TreeHead): Promise<void> {
  const { index, width } = openTileAt(size - 1n, 0);
  const [{ entries, side }, tile, path] = await Promise.all([
    reader.readBundle(index),
    reader.readTile(0, index),
    reader.inclusionProof(size - 1n, size),
  ]);
  entries.forEach((_, at) => side(at));
  const hashes = entries.map((entry) => leafHashOf(readingObject('bundle', () => kind.leafOf(entry))));
  if (!hashes.every((hash, at) => isSameBytes(hash, nodeOfTile(tile, 0, at)))) {
    throw damaged(`the entries of the last bundle are not those of tile ${index}`);
  }
  const reached = inclusionRootOf(hashes[width] ?? root, size - 1n, size, path);
  if (reached === undefined || !isSameBytes(reached, root)) {
    throw damaged('the last entry does not lead to the root that was signed');
  }
}

async function requirePrefix(reader: LogReader, published: Published | undefined): Promise<void> {
  if (published?.head === undefined) return;
  const { size, root } = published.head;
  if (!isSameBytes(await reader.rootAt(size), root)) {
    throw damaged(`the log does not begin with the ${size} entries of the checkpoint that was published`);
  }
}

/** One that begins with the log's own checkpoint may have cosignatures under it: then it stays. */
async function publishHead(
  { objects }: LogParts,
  keys: ObjectKeys,
  { state, published }: Stored,
  view: LogView,
): Promise<{ readonly view: LogView; readonly version: string }> {
  if (published?.note.startsWith(state.head.checkpoint) === true) {
    return { view: { ...view, head: { ...view.head, checkpoint: published.note } }, version: published.version };
  }
  const version = await exchange(objects, keys.checkpoint, utf8Of(state.head.checkpoint), published?.version);
  return { view, version };
}

/** Throws LOG_DAMAGED for an index that knows of other entries than the log has. */
async function catchUpIndex({ kind, index }: LogParts, reader: LogReader, size: bigint): Promise<void> {
  const indexed = await index.sizeOf(kind.name);
  if (indexed > size) {
    throw damaged(
      `the index has ${indexed} entries and the log ${size}: one of them is of another time; where the log is right, remove the index and it is made anew`,
    );
  }
  for (let at = indexed; at < size;) {
    const { index: bundle, width: skipped } = openTileAt(at, 0);
    const { entries, side } = await reader.readBundle(bundle);
    const added = entries.slice(skipped).map((_, nth) => side(skipped + nth));
    await index.append(kind.name, at, added);
    at += BigInt(added.length);
  }
  for (const place of size === 0n ? [] : [0n, size - 1n]) {
    const { index: bundle, width: at } = openTileAt(place, 0);
    const { side } = await reader.readBundle(bundle);
    const found = await index.find(kind.name, side(at).identity);
    if (found === undefined || found > place) {
      throw damaged('the index is not of this log: remove it, and it is made anew');
    }
  }
}

async function removeLeftovers(objects: ObjectStore, keys: ObjectKeys, state: LogState): Promise<void> {
  const kept = new Set(partialKeysOf(keys, state.head.size));
  const partials = partialKeysOf(keys, state.previousSize).filter((key) => !kept.has(key));
  try {
    await objects.remove([...partials, ...(await objects.list(keys.stagingFolder))]);
  } catch (error) {
    // They do no harm, but a store that is broken does.
    if (isFatalToStore(error)) throw error;
  }
}

/** What is found wrong, in words; errors of another kind are thrown on. */
async function attempt(check: () => Promise<void>): Promise<string | undefined> {
  try {
    await check();
    return undefined;
  } catch (error) {
    if (isErrorWithCode(error, 'LOG_DAMAGED') || isErrorWithCode(error, 'STORE_CONFLICT')) return messageOf(error);
    throw error;
  }
}
