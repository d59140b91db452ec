/** npm run fuzz -- TARGET|all [--seconds N] [--seed N] [--replay BASE64] [--targets FILE]: looks for inputs that crash a
 *  parser, hang it, or take more memory than its cap, guided by which code each input reaches. The same seed makes the
 *  same inputs. */

import { resolve as resolvePath } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';

import type { FuzzTarget } from '../test/fuzz/fuzz-targets.ts';
import type { FuzzRequest, FuzzSummary } from './fuzz-worker.ts';

const HEAP_MB = 256;
const HANG_MS = 5_000;
const SHARED_BYTES = 1024 * 1024;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
    replay: { type: 'string' },
    targets: { type: 'string', default: resolvePath(import.meta.dirname, '../test/fuzz/fuzz-targets.ts') },
  },
});
const module = pathToFileURL(resolvePath(values.targets)).href;
const { fuzzTargets } = (await import(module)) as { readonly fuzzTargets: Readonly<Record<string, FuzzTarget>> };
const names = Object.keys(fuzzTargets);
const chosen = positionals[0] === 'all' ? names : names.filter((name) => name === positionals[0]);
if (chosen.length === 0) {
  console.error(
    `usage: npm run fuzz -- TARGET|all [--seconds N] [--seed N] [--replay BASE64]\ntargets: ${names.join(' ')}`,
  );
  process.exitCode = 2;
}
for (const target of chosen) {
  const current = new SharedArrayBuffer(SHARED_BYTES);
  const { runs, corpus, reached, fault } = await run({
    module,
    target,
    seed: Number(values.seed),
    seconds: Number(values.seconds),
    current,
    ...(values.replay === undefined ? {} : { replay: Buffer.from(values.replay, 'base64') }),
  });
  console.log(
    `${fault === undefined ? 'ok' : 'FAULT'}  ${target}: ${runs} inputs, ${corpus} kept, ${reached} characters reached, seed ${values.seed}`,
  );
  if (fault === undefined) continue;
  console.log(`${fault}\nAgain: npm run fuzz -- ${target} --replay ${inputOf(current).toString('base64')}`);
  process.exitCode = 1;
}

/** To the end of the thread, however it ends. */
async function run(request: FuzzRequest): Promise<FuzzSummary> {
  const counters = new Int32Array(request.current, 0, 2);
  const worker = new Worker(new URL('fuzz-worker.ts', import.meta.url), {
    workerData: request,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  return new Promise((resolve) => {
    let summary: FuzzSummary | undefined;
    let fault = 'ended without a word';
    let seen = -1;
    const watch = setInterval(() => {
      const count = Atomics.load(counters, 0);
      if (count === seen) {
        fault = `hangs: one input takes more than ${HANG_MS / 1000} s`;
        void worker.terminate();
      }
      seen = count;
    }, HANG_MS);
    worker.on('message', (message: FuzzSummary) => (summary = message));
    worker.on('error', (error) => (fault = error.stack ?? error.message));
    worker.on('exit', () => {
      clearInterval(watch);
      resolve(summary ?? { runs: Atomics.load(counters, 0), corpus: 0, reached: 0, fault });
    });
  });
}

function inputOf(current: SharedArrayBuffer): Buffer {
  const [, length = 0] = new Int32Array(current, 0, 2);
  return Buffer.from(new Uint8Array(current, 8, length));
}
