/** Adds batches of entries to a log. The order of the steps is what makes it safe: at any moment the process may be
 *  killed, and whatever anybody was told stays true.
 *  - No head is signed or shown whose entries and tiles are not durable.
 *  - The state object is exchanged by compare-and-swap: one writer, and never two trees of one size.
 *  - Nobody hears of an entry before a head over it is durable and published.
 *  - The order and the time of entries are decided once; after a crash the same bytes are written again.
 *  @source c2sp.org/tlog-tiles; the rules are those of Sunlight's design, filippo.io/a-different-CT-log */

import { hexOf, isSameBytes } from '../../base/bytes.ts';
import { InputError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { rootOfEdge } from '../../formats/tlog/tree-edge.ts';
import type { NewObject } from '../../storage/object-store.ts';
import { exchange, isFatalToStore } from './exchange.ts';
import { grownLogEdge } from './log-edge.ts';
import type { LogEdge, PlacedRecord } from './log-edge.ts';
import type { LogView } from './log-reader.ts';
import type { LogParts } from './log-recovery.ts';
import { encodeLogState } from './log-state.ts';
import type { LogState } from './log-state.ts';
import { objectKeysOf, partialKeysOf } from './object-keys.ts';
import { encodeStaging, stagingNameOf } from './staging.ts';
import type { Waiting } from './submission-pool.ts';
import type { LogRecord, Submission } from './tile-log.ts';

/** Where a process may be killed by a test: before and after each thing that leaves a trace. */
export type SequencerStep = `${'before' | 'after'}-${'entry' | 'commit' | 'tiles' | 'publish' | 'index' | 'answer'}`;

export interface SequencerOptions extends LogParts {
  readonly view: () => LogView;
  readonly stateVersion: string | undefined;
  /** Throws LOG_READ_ONLY. */
  readonly requireWritable: () => void;
  /** Throws STORE_FULL. */
  readonly requireRoom: () => Promise<void>;
  readonly onStep: (step: SequencerStep) => void | Promise<void>;
  /** Makes the head the published one, durably. */
  readonly publish: (view: LogView) => Promise<void>;
  /** The log takes nothing more: what is in the store is not known, or is another's, or could not be finished. */
  readonly onFatal: (error: unknown) => void;
}

/** Settles each submission of the batch; never rejects. */
export type Sequencer = (batch: readonly Waiting[]) => Promise<void>;

interface PlacedSubmission {
  readonly waiting: Waiting;
  readonly record: PlacedRecord;
}

/** A batch with everything that it will write. */
interface Batch {
  readonly records: readonly PlacedRecord[];
  readonly edge: LogEdge;
  readonly objects: readonly NewObject[];
  readonly staging: Uint8Array;
  readonly stagingName: string;
}

const CREATE_TRIES = 3;

export function openSequencer(options: SequencerOptions): Sequencer {
  const exchangeState = openState(options);
  return async (waiting) => {
    let isCommitted = false;
    let batch: Batch | undefined;
    try {
      options.requireWritable();
      // 1. Each entry is given its place, and all of them one time, which never goes backwards.
      const time = new Date(Math.max(options.view().head.time.getTime(), options.now().getTime()));
      const placed = placeAll(options, waiting, time);
      if (placed.length === 0) return;
      batch = batchOf(
        options,
        placed.map(({ record }) => record),
      );
      await stage(options, batch);
      const state = await commit(options, batch, time, exchangeState);
      isCommitted = true;
      await finish(options, batch, state);
      // 9. Everybody is told.
      await options.onStep('before-answer');
      placed.forEach(answer);
      await options.onStep('after-answer');
      await cleanUp(options, batch, state);
    } catch (error) {
      // What is in the log and could not be finished is finished when the log is opened again.
      if (isCommitted || isFatalToStore(error)) options.onFatal(error);
      else if (batch !== undefined) await forget(options, batch);
      waiting.forEach(({ reject }) => reject(error));
    }
  };
}

/** Exchanges the state object, each time for the version written last. */
function openState({ objects, kind, stateVersion }: SequencerOptions): (state: LogState) => Promise<void> {
  let version = stateVersion;
  return async (state) => {
    version = await exchange(objects, objectKeysOf(kind).state, encodeLogState(state), version);
  };
}

/** 2. All tiles and bundles are made in memory. */
function batchOf({ kind, view }: SequencerOptions, records: readonly PlacedRecord[]): Batch {
  const grown = grownLogEdge(kind, objectKeysOf(kind), view().edge, records);
  const staging = encodeStaging(grown.objects);
  return { ...grown, records, staging, stagingName: stagingNameOf(grown.edge.tree.size, staging) };
}

/** 3. They are made durable in one object, which is nothing yet. */
async function stage(options: SequencerOptions, { staging, stagingName }: Batch): Promise<void> {
  await options.requireRoom();
  await options.onStep('before-entry');
  await createSurely(options, [{ key: objectKeysOf(options.kind).staging(stagingName), bytes: staging }]);
  await options.onStep('after-entry');
}

async function commit(
  { kind, view, onStep }: SequencerOptions,
  { edge, stagingName }: Batch,
  time: Date,
  exchangeState: (state: LogState) => Promise<void>,
): Promise<LogState> {
  // 4. The head is signed, and told to nobody.
  const head = { size: edge.tree.size, root: rootOfEdge(edge.tree), time };
  const checkpoint = await kind.signHead(head);
  const state = { head: { ...head, checkpoint }, staging: stagingName, previousSize: view().head.size };
  // 5. The commit point: before it the batch never was; after it the batch will be, whatever happens.
  await onStep('before-commit');
  await exchangeState(state);
  return state;
}

async function finish(
  options: SequencerOptions,
  { objects, edge, records }: Batch,
  { head, previousSize }: LogState,
): Promise<void> {
  const { kind, index, onStep } = options;
  await onStep('after-commit');
  const show = async (): Promise<void> => {
    // 6. Everything is written where it is read from.
    await onStep('before-tiles');
    await createSurely(options, objects);
    await onStep('after-tiles');
    // 7. The head is shown.
    await onStep('before-publish');
    await options.publish({ head, edge });
    await onStep('after-publish');
  };
  // 8. Meanwhile the index learns of the entries, which are in the log since the commit; of those that are not under the
  //    published head it is not believed. It knows them before anybody else does: their like is found.
  const indexRecords = async (): Promise<void> => {
    await onStep('before-index');
    await retried(() => index.append(kind.name, previousSize, records));
    await onStep('after-index');
  };
  // Nothing is left running when one of them fails.
  const failed = (await Promise.allSettled([show(), indexRecords()])).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

/** 10. What was needed on the way is removed; what stays behind all the same goes when the log is opened again. */
async function cleanUp(
  { kind, objects }: SequencerOptions,
  { stagingName }: Batch,
  { head, previousSize }: LogState,
): Promise<void> {
  const keys = objectKeysOf(kind);
  const kept = new Set(partialKeysOf(keys, head.size));
  const partials = partialKeysOf(keys, previousSize).filter((key) => !kept.has(key));
  await objects.remove([...partials, keys.staging(stagingName)]).catch(() => undefined);
}

/** Removes what nothing refers to, so that a full disk is not filled further by what was tried. */
async function forget({ kind, objects }: SequencerOptions, { stagingName }: Batch): Promise<void> {
  await objects.remove([objectKeysOf(kind).staging(stagingName)]).catch(() => undefined);
}

/** A submission that cannot be written down is rejected by itself: the next one gets its place. */
function placeAll(
  { kind, view }: SequencerOptions,
  batch: readonly Waiting[],
  time: Date,
): readonly PlacedSubmission[] {
  const placed: PlacedSubmission[] = [];
  let index = view().head.size;
  for (const waiting of batch) {
    const { submission } = waiting;
    try {
      const record = submission.recordAt(index, time);
      requireWithinLimits(submission, record);
      // Otherwise nobody could ever check the tree from its bundles again.
      if (!isSameBytes(kind.leafOf(record.entry), record.leaf)) {
        throw new TypeError(`entry ${hexOf(submission.identity)} of ${kind.name} does not give its leaf`);
      }
      placed.push({ waiting, record: { ...record, index, time, identity: submission.identity } });
      index += 1n;
    } catch (error) {
      waiting.reject(error);
    }
  }
  return placed;
}

function requireWithinLimits({ identity }: Submission, { entry, keys }: LogRecord): void {
  const keyBytes = keys.reduce((sum, key) => sum + key.length, 0);
  const excess =
    (identity.length !== 32 && `an identity of ${identity.length} bytes, expected 32`) ||
    (entry.length > limits.logEntryBytes && `${entry.length} bytes, at most ${limits.logEntryBytes} are taken`) ||
    (keys.length > limits.indexKeys && `${keys.length} search keys, at most ${limits.indexKeys} are taken`) ||
    (keyBytes > limits.indexKeyBytes &&
      `search keys of ${keyBytes} characters, at most ${limits.indexKeyBytes} are taken`);
  if (excess !== false) throw new InputError('INPUT_TOO_LARGE', `log entry: ${excess}`);
}

function answer({ waiting, record: { index, time, entry } }: PlacedSubmission): void {
  waiting.resolve({ index, time, entry, isDuplicate: false });
}

/** Writing the same again does no harm, so what became of a write that failed is found out by that. */
function createSurely({ objects }: SequencerOptions, created: readonly NewObject[]): Promise<void> {
  return retried(() => objects.create(created));
}

async function retried(write: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await write();
    } catch (error) {
      if (isFatalToStore(error) || attempt === CREATE_TRIES) throw error;
    }
  }
}
