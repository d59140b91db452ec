/** Gathers submissions into batches, one batch under way at a time, and lets no two submissions of one identity into the
 *  log: the second waits for what becomes of the first. */

import { hexOf } from '../../base/bytes.ts';
import { CountersignError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { AddedEntry, LoggedEntry, Submission } from './tile-log.ts';

export interface Waiting {
  readonly submission: Submission;
  readonly resolve: (added: AddedEntry) => void;
  readonly reject: (error: unknown) => void;
}

export interface PoolOptions {
  /** At most so long a batch gathers. */
  readonly gatherMs: number;
  /** Throws LOG_READ_ONLY when nothing may be added. */
  readonly requireWritable: () => void;
  /** The entry that is in the log already. */
  readonly find: (identity: Uint8Array) => Promise<LoggedEntry | undefined>;
  /** Settles every submission of the batch, and never rejects. */
  readonly sequence: (batch: readonly Waiting[]) => Promise<void>;
}

export interface SubmissionPool {
  readonly add: (submission: Submission) => Promise<AddedEntry>;
  /** Takes nothing more, and resolves when everything that waits is settled. */
  readonly close: () => Promise<void>;
}

/** Who was answered asks again within this time, if at all: a batch waits no longer for others. */
const LULL_MS = 2;

export function openSubmissionPool(options: PoolOptions): SubmissionPool {
  const underWay = new Map<string, Promise<AddedEntry>>();
  const waiting: Waiting[] = [];
  let isClosed = false;
  let running: Promise<void> | undefined;

  const pause = createPause();
  /** Until nobody has come for a while: fewer and larger writes. */
  const gather = async (): Promise<void> => {
    let seen: number;
    let leftMs = options.gatherMs;
    do {
      if (waiting.length >= limits.logBatch || isClosed) return;
      seen = waiting.length;
      await pause.wait(Math.min(LULL_MS, leftMs));
      leftMs -= LULL_MS;
    } while (leftMs > 0 && waiting.length > seen);
  };
  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      await gather();
      await options.sequence(waiting.splice(0, limits.logBatch));
    }
    running = undefined;
  };
  const enter = async (submission: Submission): Promise<AddedEntry> => {
    const found = await options.find(submission.identity);
    if (found !== undefined) return { ...found, isDuplicate: true };
    const { promise, resolve, reject } = Promise.withResolvers<AddedEntry>();
    waiting.push({ submission, resolve, reject });
    running ??= run();
    return promise;
  };
  return {
    add: async (submission) => {
      const id = hexOf(submission.identity);
      const first = underWay.get(id);
      if (first !== undefined) return { ...(await first), isDuplicate: true };
      if (isClosed) throw new CountersignError('LOG_READ_ONLY', 'the log is being closed');
      options.requireWritable();
      if (underWay.size >= limits.logWaiting) {
        throw new CountersignError('LOG_BUSY', `${underWay.size} submissions wait for their place in the log`);
      }
      // From here to the end of this submission no other of its identity comes in; afterwards the index knows it.
      const entering = enter(submission);
      underWay.set(id, entering);
      try {
        return await entering;
      } finally {
        underWay.delete(id);
      }
    },
    close: async () => {
      isClosed = true;
      pause.end();
      await Promise.allSettled(underWay.values());
      await running;
    },
  };
}

/** A wait that can be ended early. */
function createPause(): { readonly wait: (ms: number) => Promise<void>; readonly end: () => void } {
  let end = (): void => undefined;
  const wait = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  return { wait, end: () => end() };
}
