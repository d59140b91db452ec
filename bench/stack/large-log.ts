/** A log of a million entries beside one of ten thousand: what is asked of it must take as long. Some minutes and four
 *  gigabytes of disk; only by name: `npm run bench -- stack-large`. */

import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { createScratchFolder } from '../../test/support/scratch.ts';
import type { Row } from '../row.ts';
import { artifactHashOf, busySigner, LARGE_LOG, signerOfEntry, SMALL_LOG } from './generated-entries.ts';
import type { GrowthReport } from './grow-log.ts';
import { runLoad, writeLoadFile } from './load-run.ts';
import type { Load, PlainRequest } from './load-run.ts';
import { onBenchCores, startStackProcess } from './stack-process.ts';

/** One: how long an answer takes, not how long a queue is. */
const CLIENTS = 1;
const REQUESTS = 20_000;
const FLAT = 2;
const GROWING_MS = 3_600_000;

/** Questions, of entries between two places. */
const questions: Readonly<Record<string, (from: number, size: number) => PlainRequest>> = {
  'entry with its proof, by index': (from, size) => get(`/api/v1/log/entries?logIndex=${randomInt(from, size)}`),
  'consistency proof': (_, size) => get(`/api/v1/log/proof?firstSize=${randomInt(1, size)}&lastSize=${size}`),
  'search by hash': (from, size) => search({ hash: `sha256:${artifactHashOf(randomInt(from, size))}` }),
  'search by signer, ten found': (from, size) => search({ email: signerOfEntry(randomInt(from, size)) }),
  'search by signer of all, a thousand found': () => search({ email: busySigner }),
};

export async function benchLargeLog(): Promise<readonly Row[]> {
  const folder = createScratchFolder('bench-large');
  const dataDir = join(folder, 'data');
  await (await startStackProcess(dataDir, { isDevelopment: true })).close();
  await growLog(dataDir, SMALL_LOG);
  const small = await askStack(folder, dataDir, 0, SMALL_LOG);
  const growth = await growLog(dataDir, LARGE_LOG);
  const large = await askStack(folder, dataDir, SMALL_LOG, LARGE_LOG);
  const rows = Object.keys(questions).map((name) => flatRow(name, small.loads[name], large.loads[name]));
  return [
    ...rows,
    growthRow(growth),
    {
      what: 'start to readiness: a million entries, ten thousand',
      measured: `${large.readyMs.toFixed(0)} ms; ${small.readyMs.toFixed(0)} ms`,
      aim: '< 2000 ms',
      isMet: large.readyMs < 2_000,
    },
  ];
}

interface Asked {
  readonly loads: Readonly<Record<string, Load>>;
  readonly readyMs: number;
}

async function askStack(folder: string, dataDir: string, from: number, size: number): Promise<Asked> {
  const stack = await startStackProcess(dataDir, { isDevelopment: true });
  try {
    const loads: Record<string, Load> = {};
    for (const [name, question] of Object.entries(questions)) {
      const requests = Array.from({ length: REQUESTS }, () => question(from, size));
      const file = writeLoadFile(stack, folder, 'questions', requests, { isRound: true });
      loads[name] = await runLoad(stack, file, CLIENTS, 200);
    }
    return { loads, readyMs: stack.readyMs };
  } finally {
    await stack.close();
  }
}

async function growLog(dataDir: string, size: number): Promise<readonly GrowthReport[]> {
  const { program, args } = onBenchCores(process.execPath, [
    join(import.meta.dirname, 'grow-log.ts'),
    dataDir,
    String(size),
  ]);
  const { stdout } = await promisify(execFile)(program, args, { timeout: GROWING_MS });
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as GrowthReport);
}

function flatRow(what: string, small: Load | undefined, large: Load | undefined): Row {
  const ratio = (large?.p50Ms ?? Number.NaN) / (small?.p50Ms ?? Number.NaN);
  const textOf = ({ p50Ms = Number.NaN, p99Ms = Number.NaN } = {}): string =>
    `p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`;
  return {
    what: `${what}: a million entries against ten thousand`,
    measured: `${ratio.toFixed(2)} (${textOf(large)}; ${textOf(small)})`,
    aim: `≤ ${FLAT}`,
    isMet: ratio <= FLAT,
  };
}

/** Caches are full after the first hundred thousand. */
function growthRow(growth: readonly GrowthReport[]): Row {
  const [first, last] = [growth.at(0), growth.at(-1)];
  const ratio = (last?.residentMB ?? Number.NaN) / (first?.residentMB ?? Number.NaN);
  const speeds = [last, first].map((each) => `${each?.perSecond.toFixed(0)}/s`).join(' and ');
  return {
    what: 'memory of a process after a million writes, against its first hundred thousand',
    measured: `${ratio.toFixed(2)} (${last?.residentMB.toFixed(0)} MB; ${first?.residentMB.toFixed(0)} MB; ${speeds} at the end and the beginning)`,
    aim: '≤ 1.25',
    isMet: ratio <= 1.25,
  };
}

function get(path: string): PlainRequest {
  return { method: 'GET', path, contentType: '', body: '' };
}

function search(query: object): PlainRequest {
  return {
    method: 'POST',
    path: '/api/v1/index/retrieve',
    contentType: 'application/json',
    body: JSON.stringify(query),
  };
}
