/** `node load.ts JOB`: asks a server by so many clients at once, each the next request when its answer is there, and prints
 *  what came of it as JSON. A process of its own, on bare sockets, because it shares the cores with what it measures. */

import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

import type { LoadJob, LoadReport } from './load-job.ts';

const job = JSON.parse(process.argv[2] ?? '{}') as LoadJob;
const requests = requestsIn(readFileSync(job.file));
const latencies: number[] = [];
const statuses: Record<string, number> = {};
const loadedMs = performance.now();
const measureFrom = loadedMs + job.warmUpMs;
const endMs = measureFrom + job.measureMs;
let next = job.first;
let usage: NodeJS.CpuUsage | undefined;
setTimeout(() => (usage = process.cpuUsage()), job.warmUpMs);

await Promise.all(Array.from({ length: job.clients }, runClient));
const { user = 0, system = 0 } = usage === undefined ? {} : process.cpuUsage(usage);
const report: LoadReport = { latencies, statuses, next, cpuMs: (user + system) / 1000 };
process.stdout.write(JSON.stringify(report), () => process.exit(0));

/** Until the time is over, or the requests are. */
function runClient(): Promise<void> {
  const socket = connect(job.port, '127.0.0.1').setNoDelay(true);
  return new Promise((resolve, reject) => {
    let sentMs = 0;
    const send = (): void => {
      const request = requests[job.isRound ? next % requests.length : next];
      sentMs = performance.now();
      if (request === undefined && sentMs < endMs) return reject(new Error('there are too few requests'));
      if (request === undefined || sentMs >= endMs) {
        socket.end();
        return resolve();
      }
      next += 1;
      socket.write(request);
    };
    readAnswers(socket, (status) => {
      const now = performance.now();
      // What began in the warm-up belongs to it, as what ends after the end.
      if (sentMs >= measureFrom && now <= endMs) {
        latencies.push(now - sentMs);
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
      send();
    });
    socket.on('error', reject).on('connect', send);
  });
}

/** Calls back with the status of each answer; all of them say their length. */
function readAnswers(socket: Socket, take: (status: string) => void): void {
  let head = '';
  let left = 0;
  socket.on('data', (chunk: Buffer) => {
    if (left > 0) {
      left -= chunk.length;
      if (left <= 0) take(head.slice(9, 12));
      return;
    }
    const text = head.endsWith('\r\n\r\n') ? '' : head;
    const joined = text + chunk.toString('latin1');
    const end = joined.indexOf('\r\n\r\n') + 4;
    if (end === 3) {
      head = joined;
      return;
    }
    head = joined.slice(0, end);
    left = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1]) - (joined.length - end);
    if (left <= 0) take(head.slice(9, 12));
  });
}

/** Requests with their length before each, in four octets. */
function requestsIn(file: Buffer): readonly Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < file.length;) {
    const end = at + 4 + file.readUInt32BE(at);
    found.push(file.subarray(at + 4, end));
    at = end;
  }
  return found;
}
