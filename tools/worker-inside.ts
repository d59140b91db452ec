/** The thread of the index, put into the built command line as text: that is no folder of files that a thread could be
 *  started from (src/storage/index-worker-start.ts). */

import { build } from 'esbuild';
import type { Plugin } from 'esbuild';
import { dirname, join } from 'node:path';

/** Exchanges the module that starts the thread in a bundle. */
export const indexWorkerInside: Plugin = {
  name: 'index-worker',
  setup: (bundle) =>
    bundle.onLoad({ filter: /[/\\]storage[/\\]index-worker-start\.ts$/ }, async ({ path }) => ({
      contents: starterOf(await workerOf(join(dirname(path), 'index-worker.ts'))),
      loader: 'js',
    })),
};

function starterOf(worker: string): string {
  return `import { Worker } from 'node:worker_threads';
export function startIndexWorker(path) {
  return new Worker(${JSON.stringify(worker)}, { eval: true, workerData: { path } });
}
`;
}

async function workerOf(path: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path],
    write: false,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24.15',
    minify: true,
    logLevel: 'error',
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error(`esbuild made nothing of ${path}`);
  return file.text;
}
