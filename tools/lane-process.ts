/** lane-process.ts ISOLATION FILES...: runs test files in this process and sends the tally to the parent.
 *  Prints what failed and what was skipped; what passed is only counted. */

import { run } from 'node:test';
import type { EventData } from 'node:test';
import { relative } from 'node:path';

import { root } from './project.ts';
import type { LaneMessage } from './test-lanes.ts';

const testTimeoutMs = 120_000;
const [isolation = 'process', ...files] = process.argv.slice(2);

const stream = run({
  files,
  isolation: isolation === 'none' ? 'none' : 'process',
  // In one process, tests of one file after the other: at the same time they would share more than they know.
  concurrency: isolation === 'none' ? 1 : 2,
  timeout: testTimeoutMs,
  // Only what is asked for: no folder of the machine is searched, nothing is watched.
  watch: false,
});

for await (const { type, data } of stream) {
  if (type === 'test:fail') printFailure(data);
  else if (type === 'test:pass' && data.skip !== undefined) console.log(`  skipped: ${data.name} (${data.skip})`);
  else if (type === 'test:diagnostic' && data.level !== 'info') console.log(`  ${data.message}`);
  else if (type === 'test:complete') send({ reached: placeOf(data.file) });
  else if (type === 'test:stdout' || type === 'test:stderr') process.stdout.write(data.message);
  else if (type === 'test:summary' && data.file === undefined) {
    const { passed, failed, cancelled, skipped, todo } = data.counts;
    // A test marked as to do, or an error after the last test, is not a success.
    const unexplained = data.success || failed + cancelled > 0 ? 0 : 1;
    send({ tally: { passed, failed: failed + cancelled + todo + unexplained, skipped } });
  }
}
// An open channel would keep this process alive; anything else that does is a leak of a test.
process.disconnect?.();

function printFailure({ name, file, line, details }: EventData.TestFail): void {
  const { error } = details;
  // The wrapper says only that a test failed; its cause says why.
  const cause: unknown = error.cause ?? error;
  console.log(`  FAILED: ${name} (${placeOf(file)}:${line ?? 0})`);
  const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  console.log(text.replaceAll(/^/gm, '    '));
}

function placeOf(file: string | undefined): string {
  return file === undefined ? '?' : relative(root, file);
}

function send(message: LaneMessage): void {
  process.send?.(message);
}
