/** The command line's entry. */

import { runCommandLine } from './command-line.ts';

// A reader that has gone (`| head`) is no defect of ours.
const streams = [process.stdout, process.stderr];
for (const stream of streams) stream.on('error', () => undefined);

// No top-level await: this file is also built as CommonJS.
void main();

async function main(): Promise<void> {
  // Until there is an answer: Node ends quietly, with 0, when nothing is left that could bring one.
  process.exitCode = 1;
  process.exitCode = await runCommandLine(process.argv.slice(2));
  await Promise.all(streams.map(flush));
  // Not by itself, when nothing is left to do: taking the heap apart first costs a quick command a millisecond or two.
  process.exit();
}

/** Also where the reader has gone. */
async function flush(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}
