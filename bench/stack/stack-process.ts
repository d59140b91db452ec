/** The built stack in a process of its own, on two cores, as seen from outside. */

import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

import { peerEnvironment } from '../../test/support/peers.ts';

export interface StackProcess {
  /** "http://localhost:41234" */
  readonly url: string;
  readonly dataDir: string;
  /** From its start to the first time that it said to be ready. */
  readonly readyMs: number;
  /** Processor time until now, all threads. */
  readonly cpuMs: () => number;
  /** Resident memory, MB (10^6 bytes). */
  readonly residentMB: () => number;
  readonly token: (email: string) => Promise<string>;
  readonly log: () => string;
  readonly close: () => Promise<void>;
}

export const stackPassword = 'bench';

const builtFile = join(import.meta.dirname, '..', '..', 'dist', 'cli.cjs');
/** What the kernel counts processor time in, on every Linux there is. */
const TICK_MS = 10;
const START_MS = 60_000;
const TWO_CORES = '0,1';

/** One that is there keeps its port. The caller closes it. Throws an Error with what it said when it does not come up. */
export async function startStackProcess(
  dataDir: string,
  { isDevelopment }: { readonly isDevelopment: boolean },
): Promise<StackProcess> {
  if (!existsSync(builtFile)) throw new Error('dist/cli.cjs is not there: npm run build');
  const listen = existsSync(join(dataDir, 'stack.json')) ? [] : ['--listen', '127.0.0.1:0'];
  const words = ['up', '--data', dataDir, ...listen, ...(isDevelopment ? ['--dev'] : [])];
  const { program, args } = onBenchCores(process.execPath, [...profiling(), builtFile, ...words]);
  const begun = performance.now();
  const child = spawn(program, args, { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const ended = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), START_MS);
  const url = await firstLineOf(child.stdout);
  clearTimeout(timer);
  if (url === undefined || !(await fetch(`${url}/readyz`)).ok) {
    child.kill('SIGKILL');
    throw new Error(`countersign ${words.join(' ')}: ${log}`);
  }
  const readyMs = performance.now() - begun;
  return {
    url,
    dataDir,
    readyMs,
    cpuMs: () => cpuMsOf(child.pid),
    residentMB: () => residentMBOf(child.pid),
    token: async (email) => {
      const token = [builtFile, 'stack', 'token', '--data', dataDir, '--identity', email];
      return (await promisify(execFile)(process.execPath, token, { env: environment() })).stdout.trim();
    },
    log: () => log,
    close: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** The program on two cores, which is what the aims are for; on all there are where the system has no way to say so. */
export function onBenchCores(
  program: string,
  args: readonly string[],
): { readonly program: string; readonly args: readonly string[] } {
  if (!canChooseCores) return { program, args };
  return { program: 'taskset', args: ['-c', TWO_CORES, program, ...args] };
}

const canChooseCores = ((): boolean => {
  if (availableParallelism() <= 2) return false;
  try {
    execFileSync('taskset', ['-c', TWO_CORES, 'true']);
    return true;
  } catch {
    return false;
  }
})();

/** Words for Node itself: `COUNTERSIGN_BENCH_NODE="--cpu-prof --cpu-prof-dir=DIR"` profiles the server. */
function profiling(): readonly string[] {
  return process.env['COUNTERSIGN_BENCH_NODE']?.split(' ') ?? [];
}

function environment(): Record<string, string> {
  return { ...peerEnvironment(), COUNTERSIGN_STACK_PASSWORD: stackPassword };
}

/** The address, which is what the stack prints; undefined when it ends before. */
async function firstLineOf(output: NodeJS.ReadableStream): Promise<string | undefined> {
  for await (const line of createInterface({ input: output })) return line;
  return undefined;
}

function cpuMsOf(pid = 0): number {
  // The name, in parentheses, may hold anything; user and system time are the 14th and 15th field.
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

function residentMBOf(pid = 0): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1.024e-3;
}
