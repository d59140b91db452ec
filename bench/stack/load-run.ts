/** Puts load on a stack, and says how it took it. */

import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { LoadJob, LoadReport } from './load-job.ts';
import { onBenchCores } from './stack-process.ts';
import type { StackProcess } from './stack-process.ts';

export interface Load {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of all processor time that generator and server took, the generator's: 0 to 1. */
  readonly generatorShare: number;
  /** Processor time of the server in that time, as cores. */
  readonly serverCores: number;
}

export interface LoadFile {
  readonly path: string;
  readonly isRound: boolean;
  /** Where the next run goes on. */
  next: number;
}

const WARM_UP_MS = 2_000;
const MEASURE_MS = 8_000;

/** One request of HTTP/1.1. */
export interface PlainRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly contentType: string;
  readonly body: Uint8Array | string;
}

/** Keeps requests in a file, as load.ts reads them. */
export function writeLoadFile(
  { url }: StackProcess,
  folder: string,
  name: string,
  requests: readonly PlainRequest[],
  { isRound = false } = {},
): LoadFile {
  const { host } = new URL(url);
  const path = join(folder, `${name}.requests`);
  writeFileSync(path, Buffer.concat(requests.flatMap((request) => framed(host, request))));
  return { path, isRound, next: 0 };
}

/** Throws an Error when an answer has another status. */
export async function runLoad(stack: StackProcess, file: LoadFile, clients: number, status: number): Promise<Load> {
  const job: LoadJob = {
    port: Number(new URL(stack.url).port),
    file: file.path,
    first: file.next,
    isRound: file.isRound,
    clients,
    warmUpMs: WARM_UP_MS,
    measureMs: MEASURE_MS,
  };
  const { program, args } = onBenchCores(process.execPath, [join(import.meta.dirname, 'load.ts'), JSON.stringify(job)]);
  const before = stack.cpuMs();
  const { stdout } = await promisify(execFile)(program, args, { maxBuffer: 64 * 2 ** 20 });
  const serverMs = ((stack.cpuMs() - before) * MEASURE_MS) / (WARM_UP_MS + MEASURE_MS);
  const report = JSON.parse(stdout) as LoadReport;
  const others = Object.entries(report.statuses).filter(([seen]) => seen !== String(status));
  if (others.length > 0 || report.latencies.length === 0) {
    throw new Error(
      `answers by status: ${JSON.stringify(report.statuses)}, expected ${status}: ${stack.log().slice(-600)}`,
    );
  }
  file.next = report.next;
  const sorted = Float64Array.from(report.latencies).toSorted();
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
  return {
    perSecond: (sorted.length * 1000) / MEASURE_MS,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    generatorShare: report.cpuMs / (report.cpuMs + serverMs),
    serverCores: serverMs / MEASURE_MS,
  };
}

function framed(host: string, { method, path, contentType, body }: PlainRequest): readonly Buffer[] {
  const bytes = Buffer.from(body);
  const head =
    `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n` +
    (method === 'GET' ? '' : `Content-Type: ${contentType}\r\nContent-Length: ${bytes.length}\r\n`);
  const request = Buffer.concat([Buffer.from(`${head}\r\n`), bytes]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(request.length);
  return [length, request];
}
