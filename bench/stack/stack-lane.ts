/** The stack: how soon it is ready, what it takes, and how much it does in a second. Writes are durable: nothing is
 *  answered before it is on the disk under a published checkpoint. */

import { join } from 'node:path';

import { createScratchFolder } from '../../test/support/scratch.ts';
import type { Row } from '../row.ts';
import { medianOf } from '../timed-process.ts';
import { runLoad, writeLoadFile } from './load-run.ts';
import type { Load, LoadFile, PlainRequest } from './load-run.ts';
import { createCertificateRequests, createEntryRequests, createTimestampRequests, signerEmail } from './requests.ts';
import { startStackProcess } from './stack-process.ts';

const STARTS = 7;
const READY_MS = 2_000;
const RESIDENT_MB = 200;
/** Of certificates and timestamps. */
const CLIENTS = 64;
/** More than a lane can send. */
const ENTRIES = 40_000;
const CERTIFICATES = 25_000;
const TIMESTAMPS = 120_000;

export async function benchStack(): Promise<readonly Row[]> {
  const folder = createScratchFolder('bench-stack');
  return [...(await benchStarts(folder)), ...(await benchServing(folder))];
}

/** First starts make keys, certificates, logs and trust; later ones open them. */
async function benchStarts(folder: string): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const isDevelopment of [false, true]) {
    const [first, later, resident]: [number[], number[], number[]] = [[], [], []];
    for (let round = 0; round < STARTS; round += 1) {
      const dataDir = join(folder, `${isDevelopment ? 'development' : 'production'}-${round}`);
      for (const times of [first, later]) {
        const stack = await startStackProcess(dataDir, { isDevelopment });
        times.push(stack.readyMs);
        resident.push(stack.residentMB());
        await stack.close();
      }
    }
    const mode = isDevelopment ? 'development' : 'production';
    rows.push(
      mostRow(`${mode}: first start to readiness`, medianOf(first), READY_MS, 'ms'),
      mostRow(`${mode}: later start to readiness`, medianOf(later), READY_MS, 'ms'),
      mostRow(
        `${mode}: memory when ready (1 process, 0 stores; upstream's ways: 8 to 16 processes, 3 to 5 stores)`,
        medianOf(resident),
        RESIDENT_MB,
        'MB',
      ),
    );
  }
  return rows;
}

async function benchServing(folder: string): Promise<readonly Row[]> {
  const stack = await startStackProcess(join(folder, 'serving'), { isDevelopment: true });
  try {
    const write = (name: string, requests: readonly PlainRequest[]): LoadFile =>
      writeLoadFile(stack, folder, name, requests);
    const entries = write('entries', await createEntryRequests(ENTRIES));
    const token = await stack.token(signerEmail);
    const certificates = write('certificates', createCertificateRequests(CERTIFICATES, token));
    const timestamps = write('timestamps', createTimestampRequests(TIMESTAMPS));
    const rows: Row[] = [];
    for (const clients of [1, 16, 128]) {
      rows.push(...entryRows(clients, await runLoad(stack, entries, clients, 201)));
    }
    rows.push(
      rateRow(`certificates, ${CLIENTS} clients`, await runLoad(stack, certificates, CLIENTS, 200), 600),
      rateRow(`timestamps, ${CLIENTS} clients`, await runLoad(stack, timestamps, CLIENTS, 200), 2_500),
      mostRow('memory after all of this', stack.residentMB(), RESIDENT_MB, 'MB'),
    );
    return rows;
  } finally {
    await stack.close();
  }
}

/** One client waits for each of its batches alone: its speed is printed, its patience has the same aims. */
function entryRows(clients: number, load: Load): readonly Row[] {
  const what = `durable log entries, ${clients} ${clients === 1 ? 'client' : 'clients'}`;
  return [
    clients === 1 ? { what, measured: rateTextOf(load), aim: 'printed', isMet: true } : rateRow(what, load, 800),
    {
      what: `${what}: latency`,
      measured: `p50 ${load.p50Ms.toFixed(0)} ms, p99 ${load.p99Ms.toFixed(0)} ms`,
      aim: 'p50 < 100 ms, p99 < 500 ms',
      isMet: load.p50Ms < 100 && load.p99Ms < 500,
    },
  ];
}

function rateRow(what: string, load: Load, least: number): Row {
  return { what, measured: rateTextOf(load), aim: `≥ ${least}/s`, isMet: load.perSecond >= least };
}

function rateTextOf({ perSecond, serverCores, generatorShare }: Load): string {
  const cpu = `server ${serverCores.toFixed(2)} cores, generator ${(generatorShare * 100).toFixed(0)} % of both`;
  return `${perSecond.toFixed(0)}/s (${cpu})`;
}

function mostRow(what: string, value: number, most: number, unit: string): Row {
  return { what, measured: `${value.toFixed(0)} ${unit}`, aim: `< ${most} ${unit}`, isMet: value < most };
}
