/** The command line's entry. */

import { runCommandLine } from './command-line.ts';
import { openStandardStreams } from './standard-streams.ts';

// No top-level await: this file is also built as CommonJS.
void main();

async function main(): Promise<void> {
  // Until there is an answer: Node ends quietly, with 0, when nothing is left that could bring one.
  process.exitCode = 1;
  const streams = openStandardStreams();
  process.exitCode = await runCommandLine(process.argv.slice(2), streams);
  await streams.flush();
  // Not by itself, when nothing is left to do: taking the heap apart first costs a quick command a millisecond or two.
  process.exit();
}
