/** Kills a stack under load again and again, and has clients that others wrote prove after each time that everything it
 *  told is so. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { verifyStackLog } from '../../src/servers/stack/verify-logs.ts';
import { openCrashLoad } from './crash-load.ts';
import type { CrashLoad } from './crash-load.ts';
import { fileSteps, sequencerSteps } from './crash-point.ts';
import type { CrashPoint } from './crash-point.ts';
import { openCrashProof } from './crash-proof.ts';
import type { CrashProof } from './crash-proof.ts';
import { createScratchFolder } from './scratch.ts';

export interface CrashRounds {
  readonly rounds: number;
  /** The same seed gives the same points. */
  readonly seed: number;
  readonly onRound?: (round: CrashRound) => void;
}

export interface CrashRound {
  readonly round: number;
  /** Undefined: at any moment. */
  readonly point: CrashPoint | undefined;
  /** Whether it died there: where it was not reached, it was killed at the end of the round. */
  readonly isReached: boolean;
  /** Acknowledged in all rounds until now. */
  readonly entries: number;
  readonly certificates: number;
  readonly timestamps: number;
  readonly checkpoints: number;
}

interface CrashingStack {
  readonly url: string;
  readonly child: ChildProcess;
}

const program = join(import.meta.dirname, 'crashing-stack.ts');
const START_MS = 20_000;
const ROUND_MS = 3_000;

/** Throws AssertionError for the first thing that is not so, with its round and point. */
export async function runCrashRounds({ rounds, seed, onRound }: CrashRounds): Promise<readonly CrashRound[]> {
  const dataDir = join(createScratchFolder('crash'), 'data');
  const random = randomFrom(seed);
  const proof = openCrashProof();
  const load = openCrashLoad(dataDir);
  const results: CrashRound[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const point = pointOf(round, random);
    try {
      const isReached = await runRound(dataDir, round, point, random, load, proof);
      results.push({ round, point, isReached, ...load.told.counts() });
    } catch (cause) {
      throw new Error(`round ${round} of seed ${seed}, ${JSON.stringify(point)}: ${String(cause)}`, { cause });
    }
    onRound?.(results.at(-1) as CrashRound);
  }
  // What is left of the last round is found by a stack that nothing happens to.
  const stack = await start(dataDir, undefined);
  assert.ok(stack !== undefined, 'it does not start any more');
  try {
    await proof.proveAll(stack.url, load.told);
    for (const name of ['rekor', 'ctlog'] as const) await verifyStackLog(dataDir, name, () => undefined);
  } finally {
    await kill(stack.child);
  }
  return results;
}

/** Returns whether it died at the point. */
async function runRound(
  dataDir: string,
  round: number,
  point: CrashPoint | undefined,
  random: () => number,
  load: CrashLoad,
  proof: CrashProof,
): Promise<boolean> {
  const stack = await start(dataDir, point);
  if (stack === undefined) return true;
  const { url, child } = stack;
  try {
    if (round === 1) await proof.signFirst(url, dataDir);
    // 1. What was told until now is so.
    await proof.proveNewest(url, load.told);
    for (const name of ['rekor', 'ctlog'] as const) await verifyStackLog(dataDir, name, () => undefined);
    // 2. More is told, until it dies.
    const afterMs = point === undefined ? 30 + random() * 400 : ROUND_MS;
    const timer = setTimeout(() => child.kill('SIGKILL'), afterMs);
    await load.run(url);
    clearTimeout(timer);
    const [status, signal] = await endOf(child);
    assert.equal(signal, 'SIGKILL', `it ended by itself, with ${status}`);
    return point === undefined || child.killed === false;
  } finally {
    await kill(child);
  }
}

/** Every step in turn, for one log and then for the other; in between steps of files, also while it starts, and any
 *  moment. */
function pointOf(round: number, random: () => number): CrashPoint | undefined {
  const turn = Math.floor((round - 1) / 5);
  const nth = 1 + Math.floor(random() * 6);
  const kind = (round - 1) % 5;
  if (kind === 4) {
    if (turn % 4 === 3) return undefined;
    const step = fileSteps[turn % fileSteps.length] ?? 'before-fsync';
    return { step, nth: 1 + Math.floor(random() * 40), isArmedFromStart: turn % 2 === 1 };
  }
  const at = turn * 4 + kind;
  const step = sequencerSteps[at % sequencerSteps.length] ?? 'before-entry';
  return { step, log: Math.floor(at / sequencerSteps.length) % 2 === (at % 2) ? 'rekor' : 'ctlog', nth };
}

/** Undefined when it died on the way. */
async function start(dataDir: string, point: CrashPoint | undefined): Promise<CrashingStack | undefined> {
  const child = spawn(process.execPath, [program, dataDir, ...(point === undefined ? [] : [JSON.stringify(point)])], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const timer = setTimeout(() => child.kill('SIGKILL'), START_MS);
  for await (const line of createInterface({ input: child.stdout })) {
    clearTimeout(timer);
    return { url: (JSON.parse(line) as { readonly url: string }).url, child };
  }
  clearTimeout(timer);
  const [status, signal] = await endOf(child);
  if (signal !== 'SIGKILL' || child.killed) throw new Error(`it does not start (${status ?? signal}): ${log}`);
  return undefined;
}

async function endOf(child: ChildProcess): Promise<readonly [number | null, NodeJS.Signals | null]> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return [child.exitCode, child.signalCode];
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await endOf(child);
}

/** Numbers from 0 to 1 that a seed decides. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
