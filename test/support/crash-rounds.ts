/** Kills a stack under load again and again, and has clients that others wrote prove after each time that everything it
 *  told is so. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { verifyStackLog } from '../../src/servers/stack/verify-logs.ts';
import { openCrashLoad } from './crash-load.ts';
import type { CrashLoad } from './crash-load.ts';
import { fileSteps, sequencerSteps } from './crash-point.ts';
import type { CrashPoint } from './crash-point.ts';
import { openCrashProof } from './crash-proof.ts';
import type { CrashProof } from './crash-proof.ts';
import { startCrashingStack } from './crashing-process.ts';
import type { CrashingStack } from './crashing-process.ts';
import { runCountersign } from './countersign.ts';
import { createScratchFolder } from './scratch.ts';
import { randomFrom } from './seeded-random.ts';

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

const ROUND_MS = 3_000;

/** Throws AssertionError for the first thing that is not so, with its round and point. */
export async function runCrashRounds({ rounds, seed, onRound }: CrashRounds): Promise<readonly CrashRound[]> {
  const dataDir = join(createScratchFolder('crash'), 'data');
  const random = randomFrom(seed);
  const proof = openCrashProof();
  const load = openCrashLoad(dataDir);
  await duringPeace(dataDir, ({ url }) => proof.signFirst(url, dataDir));
  const results: CrashRound[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const point = pointOf(round, random);
    try {
      const isReached = await runRound(dataDir, point, random, load, proof);
      results.push({ round, point, isReached, ...load.told.counts() });
    } catch (cause) {
      throw new Error(`round ${round} of seed ${seed}, ${JSON.stringify(point)}: ${String(cause)}`, { cause });
    }
    onRound?.(results.at(-1) as CrashRound);
  }
  // What is left of the last round is found by a stack that nothing happens to.
  await duringPeace(dataDir, async ({ url }) => {
    await proof.proveAll(url, load.told);
    const { status, stderr } = await runCountersign(['stack', 'verify-log', '--data', dataDir]);
    assert.equal(status, 0, stderr);
  });
  return results;
}

async function duringPeace(dataDir: string, run: (stack: CrashingStack) => Promise<void>): Promise<void> {
  const stack = await startCrashingStack(dataDir);
  assert.ok(stack !== undefined);
  try {
    await run(stack);
  } finally {
    await stack.kill();
  }
}

/** Returns whether it died at the point. */
async function runRound(
  dataDir: string,
  point: CrashPoint | undefined,
  random: () => number,
  load: CrashLoad,
  proof: CrashProof,
): Promise<boolean> {
  const stack = await startCrashingStack(dataDir, point);
  if (stack === undefined) return true;
  const { url, kill, ended } = stack;
  try {
    // 1. What was told until now is so.
    try {
      await proof.proveNewest(url, load.told);
      for (const name of ['rekor', 'ctlog'] as const) await verifyStackLog(dataDir, name, () => undefined);
    } catch (error) {
      // Reading flushes folders too, and the point may be there: then the next round proves.
      if (point !== undefined && point.log === undefined && (await isDead(stack))) return true;
      throw error;
    }
    // 2. More is told, until it dies.
    const afterMs = point === undefined ? 30 + random() * 400 : ROUND_MS;
    const timer = setTimeout(() => void kill(), afterMs);
    await load.run(url);
    clearTimeout(timer);
    const { status, signal, isKilled } = await ended;
    assert.equal(signal, 'SIGKILL', `it ended by itself, with ${status}: ${stack.log()}`);
    return point === undefined || !isKilled;
  } finally {
    await kill();
  }
}

/** Whether it ended by itself; the system may take a moment to say so. */
async function isDead({ ended }: CrashingStack): Promise<boolean> {
  const end = await Promise.race([ended, delay(1_000)]);
  return end?.signal === 'SIGKILL' && !end.isKilled;
}

/** Every step in turn, for one log and then for the other; in between steps of files, also while it starts, and any
 *  moment. */
function pointOf(round: number, random: () => number): CrashPoint | undefined {
  const turn = Math.floor((round - 1) / 5);
  const nth = 1 + Math.floor(random() * 6);
  const kind = (round - 1) % 5;
  if (kind === 4) {
    const step = fileSteps[turn % (fileSteps.length + 1)];
    const isArmedFromStart = random() < 0.5;
    return step && { step, nth: 1 + Math.floor(random() * (isArmedFromStart ? 12 : 40)), isArmedFromStart };
  }
  const at = turn * 4 + kind;
  const step = sequencerSteps[at % sequencerSteps.length] ?? 'before-entry';
  return { step, log: Math.floor(at / sequencerSteps.length) % 2 === at % 2 ? 'rekor' : 'ctlog', nth };
}
