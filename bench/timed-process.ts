/** Runs a program and says how long it took and how much memory it used, as seen from outside. */

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface TimedRun {
  readonly ms: number;
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Peak resident memory, KiB, sampled every 25 ms from the kernel's own high-water mark. */
  readonly peakKiB: number;
}

export interface Command {
  readonly label: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const MAX_RUN_MS = 300_000;

/** One run. NODE_EXTRA_CA_CERTS is taken away: it costs a Node start tens of milliseconds. */
async function runTimed(command: Command): Promise<TimedRun> {
  const { NODE_EXTRA_CA_CERTS: _, ...ambient } = process.env;
  const started = process.hrtime.bigint();
  const child = spawn(command.program, command.args, {
    env: { ...ambient, ...command.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: MAX_RUN_MS,
  });
  let stdout = '';
  let stderr = '';
  let peakKiB = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const sampler = setInterval(() => (peakKiB = Math.max(peakKiB, highWaterKiBOf(child.pid))), 25);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => {
      clearInterval(sampler);
      resolve({ ms: Number(process.hrtime.bigint() - started) / 1e6, status, stdout, stderr, peakKiB });
    });
  });
}

/** Runs that must succeed: throws with the program's own words when it does not. */
export async function runRequired(command: Command): Promise<TimedRun> {
  const run = await runTimed(command);
  if (run.status !== 0) {
    throw new Error(`${command.label} ended with ${run.status}: ${run.stderr.slice(-600)}`);
  }
  return run;
}

export interface Comparison {
  readonly medianMs: readonly number[];
  /** Of the first command to each of the others, taken round by round. */
  readonly ratios: readonly number[];
}

/** Runs the commands in turn, round after round, so that a machine whose speed drifts is fair to all of them. Round 0 is
 *  not counted: it fills caches. A command that changes what it works on is a function of the round. */
export async function compare(
  commands: readonly (Command | ((round: number) => Command))[],
  rounds: number,
): Promise<Comparison> {
  const times: number[][] = commands.map(() => []);
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, command] of commands.entries()) {
      const { ms } = await runRequired(typeof command === 'function' ? command(round) : command);
      if (round > 0) times[index]?.push(ms);
    }
  }
  const first = times[0] ?? [];
  return {
    medianMs: times.map(medianOf),
    ratios: times.slice(1).map((other) => medianOf(first.map((ms, round) => ms / (other[round] ?? Number.NaN)))),
  };
}

export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

function highWaterKiBOf(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
