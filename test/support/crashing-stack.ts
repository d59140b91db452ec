/** A program: a real development stack that ends itself as a power cut would, at a step of its own.
 *  `node crashing-stack.ts FOLDER [CRASH-POINT]` writes `{"url": …}` when it is ready. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { openRuntime } from '../../src/clients/runtime.ts';
import { openStackLog } from '../../src/servers/stack/stack-log.ts';
import { startStack } from '../../src/servers/stack/start-stack.ts';
import type { CrashPoint } from './crash-point.ts';
import { watchFileSteps } from './file-steps.ts';

const [dataDir = '', pointText = 'null'] = process.argv.slice(2);
const point = JSON.parse(pointText) as CrashPoint | null;
const isThere = existsSync(join(dataDir, 'stack.json'));
let isArmed = point?.isArmedFromStart === true;
let seen = 0;

await watchFileSteps((step) => reach(step));
const stack = await startStack({
  dataDir,
  // A stack that is there keeps its port.
  wanted: { mode: 'development', ...(isThere ? {} : { listen: { host: '127.0.0.1', port: 0 } }) },
  password: () => Promise.resolve(new TextEncoder().encode('crash')),
  witnesses: [],
  runtime: openRuntime({ environment: {} }).runtime,
  log: await openStackLog({
    format: 'text',
    isVerbose: false,
    now: () => new Date(),
    write: (line) => process.stderr.write(line),
  }),
  onFatal: (error) => {
    console.error('fatal:', error);
    process.exit(1);
  },
  onStep: (log, step) => reach(step, log),
});
isArmed = true;
console.log(JSON.stringify({ url: stack.settings.url }));

async function reach(step: CrashPoint['step'], log?: string): Promise<void> {
  if (!isArmed || step !== point?.step || (point.log !== undefined && log !== point.log)) return;
  seen += 1;
  if (seen !== point.nth) return;
  process.kill(process.pid, 'SIGKILL');
  // The signal may take a moment; nothing more may happen until then.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
