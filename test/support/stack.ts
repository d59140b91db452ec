/** A whole stack as its users run it: `countersign up` in a process of its own, on a free loopback port. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { countersignEnvironment, mainFile, runCountersign } from './countersign.ts';
import { createScratchFolder } from './scratch.ts';

export interface TestStack {
  /** "http://localhost:41234" */
  readonly url: string;
  /** "localhost:41234": the registry of a development stack, as image references write it. */
  readonly host: string;
  readonly dataDir: string;
  readonly pid: number;
  /** The newest root of its TUF repository, in a file. */
  readonly rootFile: string;
  /** What it wrote to stderr until now. */
  readonly log: () => string;
  /** Its exit status, when it ends by itself or is killed: null then. */
  readonly ended: Promise<number | null>;
  /** An identity token, through `countersign stack token`. */
  readonly token: (email?: string) => Promise<string>;
  /** Asks it to end and resolves with its exit status. */
  readonly close: () => Promise<number | null>;
  /** Ends it as a power cut would. */
  readonly kill: () => Promise<void>;
}

export interface TestStackOptions {
  /** One that is there, or is to be made; default a new folder. */
  readonly dataDir?: string;
  /** Default true. */
  readonly isDevelopment?: boolean;
  /** More words for `countersign up`. */
  readonly args?: readonly string[];
  /** Undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const START_MS = 30_000;
const STOP_MS = 15_000;

/** Throws an Error with what it said when it does not come up. The caller closes it. */
export async function startStack(options: TestStackOptions = {}): Promise<TestStack> {
  const { dataDir = join(createScratchFolder('stack'), 'data'), isDevelopment = true, args = [], env = {} } = options;
  // A stack that is there keeps its port.
  const listen = args.includes('--listen') || options.dataDir !== undefined ? [] : ['--listen', '127.0.0.1:0'];
  const words = ['up', '--json', '--data', dataDir, ...(isDevelopment ? ['--dev'] : []), ...listen, ...args];
  const child = spawn(process.execPath, [mainFile, ...words], {
    env: { ...countersignEnvironment(), COUNTERSIGN_STACK_PASSWORD: 'test password', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const ended = once(child, 'exit') as Promise<[number | null, string | null]>;
  const timer = setTimeout(() => child.kill('SIGKILL'), START_MS);
  const report = await firstDocument(child.stdout);
  clearTimeout(timer);
  const { url, pid } = JSON.parse(report ?? '{}') as { readonly url?: string; readonly pid: number };
  if (url === undefined) {
    const [status, signal] = await ended;
    throw new Error(`countersign ${words.join(' ')} ended (${status ?? signal}): ${log}${report ?? ''}`);
  }
  const stop = async (signal: NodeJS.Signals): Promise<number | null> => {
    const cut = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    child.kill(signal);
    const [status] = await ended;
    clearTimeout(cut);
    return status;
  };
  return {
    url,
    host: new URL(url).host,
    dataDir,
    pid,
    rootFile: await rootFileOf(url),
    log: () => log,
    ended: ended.then(([status]) => status),
    token: async (email = 'dev@example.com') => {
      const run = await runCountersign(['stack', 'token', '--data', dataDir, '--identity', email]);
      if (run.status !== 0) throw new Error(run.stderr);
      return run.stdout.trim();
    },
    close: () => stop('SIGTERM'),
    kill: async () => {
      await stop('SIGKILL');
    },
  };
}

/** The report of `--json`, which ends with a line of one brace; undefined when the output ends before. */
async function firstDocument(output: NodeJS.ReadableStream): Promise<string | undefined> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: output })) {
    lines.push(line);
    if (line === '}') return lines.join('\n');
  }
  return undefined;
}

async function rootFileOf(url: string): Promise<string> {
  const file = join(createScratchFolder('tuf-root'), 'root.json');
  // A stack with a certificate of its own is not trusted by this process: its tests fetch the root themselves.
  if (url.startsWith('http:')) {
    const answer = await fetch(`${url}/tuf/root.json`);
    writeFileSync(file, new Uint8Array(await answer.arrayBuffer()));
  }
  return file;
}
