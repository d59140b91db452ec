/** Runs one target in a thread of its own: the thread that waits outside stops it when it hangs, and Node stops it when its
 *  memory is above the cap. What it is at stands in shared memory for both. */

import { Session } from 'node:inspector';
import { parentPort, workerData } from 'node:worker_threads';

import { CountersignError } from '../src/base/errors.ts';
import { diceOf, mutated } from '../test/fuzz/fuzz-mutator.ts';
import type { FuzzTarget } from '../test/fuzz/fuzz-targets.ts';

export interface FuzzRequest {
  /** URL of the module that exports `fuzzTargets`. */
  readonly module: string;
  readonly target: string;
  readonly seed: number;
  readonly seconds: number;
  /** Runs these alone. */
  readonly replay?: Uint8Array;
  /** Two numbers, the count of inputs and the length of the one under way, then its bytes. */
  readonly current: SharedArrayBuffer;
}

export interface FuzzSummary {
  readonly runs: number;
  /** Inputs that reached code that none before them did. */
  readonly corpus: number;
  /** Characters of source reached. */
  readonly reached: number;
  readonly fault?: string;
}

interface Script {
  readonly url: string;
  readonly functions: readonly {
    readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[];
  }[];
}

/** Inputs between two looks at what was reached: a look takes as long as a hundred inputs. */
const BATCH = 100;
const SLOW_MS = 500;
/** Bytes in buffers that one batch may hold on to. */
const BUFFER_BYTES = 512 * 1024 * 1024;

const { module, target, seed, seconds, replay, current } = workerData as FuzzRequest;
const counters = new Int32Array(current, 0, 2);
const shown = new Uint8Array(current, 8);
const { fuzzTargets } = (await import(module)) as { readonly fuzzTargets: Readonly<Record<string, FuzzTarget>> };
const found = fuzzTargets[target];
if (found === undefined) throw new Error(`no target ${target}`);
// eslint-disable-next-line unicorn/require-post-message-target-origin -- a port of a thread, not a window
parentPort?.postMessage(replay === undefined ? await fuzz(found) : await replayed(found, replay));

async function replayed(each: FuzzTarget, bytes: Uint8Array): Promise<FuzzSummary> {
  const fault = await faultOf(each, bytes);
  return { runs: 1, corpus: 0, reached: 0, ...(fault === undefined ? {} : { fault }) };
}

async function fuzz(each: FuzzTarget): Promise<FuzzSummary> {
  const dice = diceOf(seed);
  const coverage = openCoverage();
  const corpus: Uint8Array[] = [];
  const until = performance.now() + seconds * 1000;
  let runs = 0;
  let batch: readonly Uint8Array[] = each.seeds();
  while (true) {
    for (const bytes of batch) {
      const fault = await faultOf(each, bytes);
      runs += 1;
      if (fault !== undefined) return { runs, corpus: corpus.length, reached: coverage.reached(), fault };
    }
    // 1. Was anything new reached by any of them? Their order is kept, so that a seed gives the same corpus again.
    const isNew = coverage.look(false);
    // 2. By which: one after the other, again.
    for (const bytes of isNew ? batch : []) {
      await faultOf(each, bytes);
      if (coverage.look(true) || corpus.length === 0) corpus.push(bytes);
    }
    const { arrayBuffers } = process.memoryUsage();
    if (arrayBuffers > BUFFER_BYTES) {
      return {
        runs,
        corpus: corpus.length,
        reached: coverage.reached(),
        fault: `holds ${arrayBuffers} bytes in buffers`,
      };
    }
    if (performance.now() > until) return { runs, corpus: corpus.length, reached: coverage.reached() };
    batch = Array.from({ length: BATCH }, () => mutated(corpus, dice));
  }
}

/** What is wrong about how it took the input; undefined for a value or an error of the catalogue, in time. */
async function faultOf(each: FuzzTarget, bytes: Uint8Array): Promise<string | undefined> {
  shown.set(bytes);
  counters[1] = bytes.length;
  Atomics.add(counters, 0, 1);
  // A slow one gets a second chance: the machine may have been busy.
  for (const isLast of [false, true]) {
    const started = performance.now();
    try {
      await each.run(bytes);
    } catch (error) {
      if (!(error instanceof CountersignError))
        return error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
    const ms = performance.now() - started;
    if (ms < SLOW_MS) return undefined;
    if (isLast) return `takes ${Math.round(ms)} ms for ${bytes.length} bytes`;
  }
  return undefined;
}

/** What of the sources was run, to the character, as the engine counts it. */
function openCoverage(): { readonly look: (keep: boolean) => boolean; readonly reached: () => number } {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  const reached = new Map<string, Uint8Array>();
  const look = (keep: boolean): boolean => {
    let isNew = false;
    session.post('Profiler.takePreciseCoverage', (_error, answer) => {
      for (const script of (answer as { readonly result: readonly Script[] } | undefined)?.result ?? []) {
        if (script.url.includes('/src/')) isNew = addReached(reached, script, keep) || isNew;
      }
    });
    return isNew;
  };
  const count = (): number => [...reached.values()].reduce((sum, each) => sum + each.reduce((a, b) => a + b, 0), 0);
  return { look, reached: count };
}

/** Whether the script's counts reach further than what was known. Inner ranges come after outer ones and correct them. */
function addReached(reached: Map<string, Uint8Array>, { url, functions }: Script, keep: boolean): boolean {
  const ranges = functions.flatMap((each) => each.ranges);
  const length = ranges.reduce((most, { endOffset }) => Math.max(most, endOffset), 0);
  const now = new Uint8Array(length);
  for (const { startOffset, endOffset, count } of ranges) now.fill(count > 0 ? 1 : 0, startOffset, endOffset);
  const known = reached.get(url) ?? new Uint8Array();
  if (now.every((each, at) => each === 0 || known[at] === 1)) return false;
  if (keep) {
    const merged = new Uint8Array(Math.max(length, known.length));
    merged.set(known);
    now.forEach((each, at) => (merged[at] = (merged[at] ?? 0) | each));
    reached.set(url, merged);
  }
  return true;
}
