/** Starts crashing-stack.ts, and waits for its end. */

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import type { CrashPoint } from './crash-point.ts';

export interface CrashingStack {
  readonly url: string;
  /** What it wrote to stderr until now. */
  readonly log: () => string;
  readonly kill: () => Promise<void>;
  readonly isEnded: () => boolean;
  readonly ended: Promise<End>;
}

export interface End {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  /** It was ended from here, and not by itself. */
  readonly isKilled: boolean;
}

/** Runs a program with its output in pipes. */
export type Run = (program: string, args: readonly string[]) => ChildProcess;

const program = join(import.meta.dirname, 'crashing-stack.ts');
const START_MS = 20_000;

/** Undefined when it died at its point while it started. Throws an Error with what it said when it ended otherwise. */
export async function startCrashingStack(
  dataDir: string,
  point?: CrashPoint,
  run: Run = (path, args) => spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'] }),
): Promise<CrashingStack | undefined> {
  const child = run(process.execPath, [program, dataDir, ...(point === undefined ? [] : [JSON.stringify(point)])]);
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('no pipes');
  let log = '';
  stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const ended = once(child, 'close').then(([status, signal]): End => ({
    status: status as number | null,
    signal: signal as NodeJS.Signals | null,
    isKilled: child.killed,
  }));
  const timer = setTimeout(() => child.kill('SIGKILL'), START_MS);
  try {
    for await (const line of createInterface({ input: stdout })) {
      const { url } = JSON.parse(line) as { readonly url: string };
      const kill = async (): Promise<void> => {
        child.kill('SIGKILL');
        await ended;
      };
      stdout.resume();
      return { url, log: () => log, kill, ended, isEnded: () => child.exitCode !== null || child.signalCode !== null };
    }
  } finally {
    clearTimeout(timer);
  }
  const { status, signal, isKilled } = await ended;
  if (signal !== 'SIGKILL' || isKilled) throw new Error(`it does not start (${status ?? signal}): ${log}`);
  return undefined;
}
