/** The serving thread's side of index-worker.ts. */

import type { Worker } from 'node:worker_threads';

import { CountersignError } from '../base/errors.ts';
import type { IndexJob, IndexJobAnswer } from './index-worker.ts';
import { startIndexWorker } from './index-worker-start.ts';

export interface IndexThread {
  /** Throws INDEX_FAILED. */
  readonly run: (job: IndexJob) => Promise<IndexJobAnswer>;
  readonly close: () => Promise<void>;
}

interface Waiting {
  readonly resolve: (answer: IndexJobAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** The thread is started by the first job, and again after it died. */
export function createIndexThread(path: string): IndexThread {
  const waiting: Waiting[] = [];
  let worker: Worker | undefined;
  const start = (): Worker => {
    const started = startIndexWorker(path);
    started.on('message', (answer: IndexJobAnswer) => {
      waiting.shift()?.resolve(answer);
      if (waiting.length === 0) started.unref();
    });
    const die = (why: unknown): void => {
      if (worker !== started) return;
      worker = undefined;
      const error = new CountersignError('INDEX_FAILED', 'the thread of the index ended', { cause: why });
      waiting.splice(0).forEach(({ reject }) => reject(error));
    };
    started.on('error', die).on('exit', die);
    return started;
  };
  return {
    run: (job) =>
      new Promise((resolve, reject) => {
        worker ??= start();
        // An idle thread keeps no process alive; a job does.
        worker.ref();
        waiting.push({ resolve, reject });
        worker.postMessage(job, []);
      }),
    close: async () => {
      await worker?.terminate();
    },
  };
}
