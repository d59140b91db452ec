/** Starting the thread of index-worker.ts: in one place because the built command line is no folder of files, and has the
 *  thread's source inside instead (tools/worker-inside.ts). */

import { Worker } from 'node:worker_threads';

export function startIndexWorker(path: string): Worker {
  const file = import.meta.url.replace(/[^/]*(\.[jt]s)$/, 'index-worker$1');
  return new Worker(new URL(file), { workerData: { path } });
}
