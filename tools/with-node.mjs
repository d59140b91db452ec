/** with-node.mjs FILE ARGS...: sets the clone up, then runs FILE under the right Node.
 *  Passes signals in and the exit status out, so that it is invisible to whoever started it. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';

import { cacheFolder, setUpOrExit } from './set-up.mjs';

const node = await setUpOrExit();
const env = { NODE_COMPILE_CACHE: join(cacheFolder(), 'compiled'), ...process.env };
const child = spawn(node, process.argv.slice(2), { stdio: 'inherit', env });

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    // A terminal sends Ctrl-C to the child as well: passing it on would make it arrive twice.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  });
}
child.once('error', (error) => {
  process.stderr.write(`cannot run ${node}: ${error.message}\n`);
  process.exit(1);
});
child.once('exit', (status, signal) => {
  process.exit(status ?? 128 + constants.signals[signal]);
});
