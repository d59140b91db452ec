#!/usr/bin/env node
/** The command line's entry. */

import { runCommandLine } from './command-line.ts';

// A reader that has gone (`| head`) is no defect of ours.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

// No top-level await: this file is also built as CommonJS.
void main();

async function main(): Promise<void> {
  process.exitCode = await runCommandLine(process.argv.slice(2));
}
