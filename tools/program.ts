/** Runs other programs for the tools, always with a limit in time, and never through a shell. */

import { spawn } from 'node:child_process';

import { root } from './project.ts';

interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
}

interface Outcome {
  /** Exit status; 128 and more for a signal, 124 when it ran out of time. */
  readonly status: number;
  /** What it wrote to stdout and stderr, in the order it came. */
  readonly output: string;
}

const defaultTimeoutMs = 10 * 60_000;

/** Runs a program and collects what it writes. Rejects when it cannot be started. */
function runProgram(file: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const { cwd = root, env = process.env, timeoutMs = defaultTimeoutMs } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.once('error', reject);
    child.once('close', (status) => {
      clearTimeout(timer);
      const late = isLate ? `\nkilled after ${timeoutMs / 1000} s` : '';
      resolve({ status: isLate ? 124 : (status ?? 128), output: Buffer.concat(chunks).toString() + late });
    });
  });
}

/** Runs a program that must succeed. Returns its output; throws it as the message when the status is not 0. */
export async function requireProgram(file: string, args: readonly string[], options?: RunOptions): Promise<string> {
  const { status, output } = await runProgram(file, args, options);
  if (status !== 0) {
    const command = [file, ...args].join(' ').replace(process.execPath, 'node').replaceAll(`${root}/`, '');
    throw new Error(`${command} ended with status ${status}\n${output.trim()}`);
  }
  return output;
}

/** Runs the command of an installed package under this Node. `script` is its path in node_modules. */
export function requireTool(script: string, args: readonly string[]): Promise<string> {
  return requireProgram(process.execPath, [`${root}/node_modules/${script}`, ...args]);
}
