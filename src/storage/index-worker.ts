/** The thread that does what would hold up the serving one: searches, and copying the log of writes into the file. */

import { parentPort, workerData } from 'node:worker_threads';

import { messageOf } from '../base/errors.ts';
import type { IndexSearch } from './index-database.ts';
import { openConnection } from './index-schema.ts';
import { searchIndex } from './index-search.ts';

/** What the serving thread sends. */
export type IndexJob =
  | { readonly kind: 'search'; readonly log: string; readonly search: IndexSearch }
  | { readonly kind: 'checkpoint' };

/** Answers come in the order of the jobs. */
export type IndexJobAnswer =
  | { readonly places: readonly bigint[] }
  /** Whether all that was written is in the file now. */
  | { readonly isComplete: boolean }
  | { readonly failure: string; readonly errcode: number | undefined };

const database = openConnection((workerData as { readonly path: string }).path);

parentPort?.on('message', (job: IndexJob) => {
  parentPort?.postMessage(answerOf(job), []);
});

function answerOf(job: IndexJob): IndexJobAnswer {
  try {
    if (job.kind === 'search') return { places: searchIndex(database, job.log, job.search) };
    // Passive: the serving thread's writes and reads go on.
    const row = database.prepare('PRAGMA wal_checkpoint(PASSIVE)').get();
    return { isComplete: row?.['log'] === row?.['checkpointed'] };
  } catch (error) {
    const errcode = error instanceof Error && 'errcode' in error ? Number(error.errcode) : undefined;
    return { failure: messageOf(error), errcode };
  }
}
