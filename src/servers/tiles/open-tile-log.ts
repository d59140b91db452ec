/** Opens a log: recovery, then reading and adding. */

import { CountersignError, isErrorWithCode, messageOf } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { rfc3339Of } from '../../base/time.ts';
import { openCosigning } from './cosigning.ts';
import type { Cosign } from './cosigning.ts';
import { isFatalToStore } from './exchange.ts';
import { openLogReader } from './log-reader.ts';
import { recoverLog } from './log-recovery.ts';
import type { LogParts } from './log-recovery.ts';
import { objectKeysOf } from './object-keys.ts';
import { openPublishedHead } from './published-head.ts';
import { openSequencer } from './sequencer.ts';
import type { SequencerStep } from './sequencer.ts';
import { openSubmissionPool } from './submission-pool.ts';
import type { TileLog, TreeHead } from './tile-log.ts';

export interface TileLogOptions extends LogParts {
  /** Milliseconds in which submissions gather for a batch: fewer and larger writes. */
  readonly gatherMs?: number;
  /** Asked before each batch. Throws STORE_FULL when there is not enough to write it to its end. */
  readonly requireRoom?: () => Promise<void>;
  /** Called, and waited for, at each step of a batch. */
  readonly onStep?: (step: SequencerStep) => void | Promise<void>;
  /** The store cannot be trusted any more, or is written by somebody else: the log takes nothing more, and the process
   *  should end. */
  readonly onFatal?: (error: unknown) => void;
  /** Asks witnesses about each new head. Where it rejects with LOG_DAMAGED, the log takes nothing more. */
  readonly cosign?: Cosign;
  readonly onCosignFailure?: (error: unknown) => void;
}

const GATHER_MS = 20;

/** The caller holds the lock of the data directory: of two processes one would be stopped only at its first write. Throws
 *  LOG_DAMAGED when not even reading is sound, and what the store throws. */
export async function openTileLog(options: TileLogOptions): Promise<TileLog> {
  const { kind, objects, index } = options;
  const keys = objectKeysOf(kind);
  const recovered = await recoverLog(options);
  const health = openHealth(options, recovered.trouble);
  const published = openPublishedHead(objects, keys.checkpoint, recovered);
  const head = (): TreeHead => published.view().head;
  const reader = openLogReader(kind, keys, objects, published.view);
  const cosigning = openCosigning(
    async (signed) => (await options.cosign?.(signed, reader)) ?? [],
    published.publishSigned,
    health.cosigningFailed,
  );
  const find = async (identity: Uint8Array): Promise<bigint | undefined> => {
    const place = await index.find(kind.name, identity);
    // An index that is of another log may know of more.
    return place !== undefined && place < head().size ? place : undefined;
  };
  const requireWritable = (): void => {
    const why = health.troubleAt(head());
    if (why !== undefined) throw new CountersignError('LOG_READ_ONLY', why);
  };
  const pool = openSubmissionPool({
    gatherMs: options.gatherMs ?? GATHER_MS,
    requireWritable,
    find: async (identity) => {
      const place = await find(identity);
      return place === undefined ? undefined : reader.read(place);
    },
    sequence: openSequencer({
      ...options,
      view: published.view,
      stateVersion: recovered.stateVersion,
      requireWritable,
      requireRoom: options.requireRoom ?? (async () => undefined),
      onStep: options.onStep ?? (() => undefined),
      publish: async (next) => {
        await published.publish(next);
        cosigning.headPublished(next.head);
      },
      onFatal: health.writingFailed,
    }),
  });
  return {
    kind,
    ...reader,
    head,
    add: pool.add,
    find,
    search: async (search) => (await index.search(kind.name, search)).filter((place) => place < head().size),
    trouble: () => health.troubleAt(head()),
    close: async () => {
      await pool.close();
      await cosigning.close();
    },
  };
}

interface Health {
  readonly troubleAt: (head: TreeHead) => string | undefined;
  readonly writingFailed: (error: unknown) => void;
  readonly cosigningFailed: (error: unknown) => void;
}

/** Why nothing may be added. What was found once stays; only the clock may be set right. */
function openHealth({ now, onFatal, onCosignFailure }: TileLogOptions, found: string | undefined): Health {
  let trouble = found;
  const writingFailed = (error: unknown): void => {
    trouble ??= `writing failed: ${messageOf(error)}`;
    onFatal?.(error);
  };
  return {
    troubleAt: (head) => trouble ?? clockTroubleOf(head, now()),
    writingFailed,
    cosigningFailed: (error) => {
      if (isFatalToStore(error)) return writingFailed(error);
      if (isErrorWithCode(error, 'LOG_DAMAGED')) trouble ??= messageOf(error);
      return onCosignFailure?.(error);
    },
  };
}

/** Why the clock is not believed: one that stands a little behind is waited for by giving the last time again. */
function clockTroubleOf({ time }: TreeHead, now: Date): string | undefined {
  const behindMs = time.getTime() - now.getTime();
  return behindMs > limits.logClockBackMs
    ? `the clock is ${Math.round(behindMs / 1000)} seconds behind the last entry of the log (${rfc3339Of(time)}): set it right`
    : undefined;
}
