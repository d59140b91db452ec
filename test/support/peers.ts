/** The real programs our tests run against. `tools/install-peers.sh` installs them and writes the table read here. */
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createScratchFolder } from './scratch.ts';

const peerNames = [
  'chromium',
  'cosign-2',
  'cosign-3',
  'ct-audit',
  'ctclient',
  'docker-registry',
  'ggcr-registry',
  'gitsign',
  'log-reader',
  'oci-conformance',
  'olareg',
  'oras',
  'rekor-cli',
  'sigstore-python',
  'skopeo',
  'tlog-fsck',
] as const;

export type PeerName = (typeof peerNames)[number];

export interface Peer {
  readonly name: PeerName;
  readonly version: string;
  readonly path: string;
}

export interface MissingPeer {
  readonly name: PeerName;
  readonly why: string;
}

export interface PeerReport {
  readonly present: readonly Peer[];
  readonly missing: readonly MissingPeer[];
}

export interface PeerRunOptions {
  /** Added to the environment every peer gets: PATH and a HOME, TUF_ROOT and DOCKER_CONFIG of its own. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: string | Uint8Array;
  readonly timeoutMs?: number;
}

export interface AttendedRunOptions extends PeerRunOptions {
  /** Somebody who waits for the peer to ask, and types the answer; `stdin` is not used then. */
  readonly attendant?: Attendant;
}

export interface Attendant {
  /** What the peer asks for, in either stream. */
  readonly question: RegExp;
  /** Resolves with what is typed. */
  readonly answer: (asked: RegExpExecArray) => Promise<string>;
}

export interface PeerRun {
  /** Exit status. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Bytes of one output stream kept: more from a peer is a runaway, and the run fails. */
const maxOutputBytes = 16 * 1024 * 1024;

/** Where a peer is and which version, or why it is not there. */
export function peer(name: PeerName): Peer | MissingPeer {
  const [status, version, last] = installed().get(name) ?? [];
  if (status === 'present' && version && last) return { name, version, path: last };
  return { name, why: last ?? 'not installed: run tools/install-peers.sh' };
}

/** Every peer the tests know, for the end of a test run. */
export function peerReport(): PeerReport {
  const all = peerNames.map((name) => peer(name));
  return { present: all.filter(isPresent), missing: all.filter(isMissing) };
}

/** True when all the named peers are there. Otherwise skips the test by name and returns false; with
 *  COUNTERSIGN_REQUIRE_PEERS=1 it throws, so that a missing peer fails the run. */
export function requirePeer(t: TestContext, ...names: readonly PeerName[]): boolean {
  const missing = names.map((name) => peer(name)).filter(isMissing);
  if (missing.length === 0) return true;
  const message = missing.map(({ name, why }) => `peer ${name} is missing: ${why}`).join('; ');
  if (process.env['COUNTERSIGN_REQUIRE_PEERS'] === '1') throw new Error(message);
  t.skip(message);
  return false;
}

/** Path of a peer's program. Throws an Error that names a missing one. */
export function requirePeerPath(name: PeerName): string {
  const found = peer(name);
  if (!isPresent(found)) throw new Error(`peer ${name} is missing: ${found.why}`);
  return found.path;
}

/** Runs a peer to its end, without a shell, away from the caller's home and proxies. A non-zero status is an answer;
 *  throws an Error when the peer is missing, takes longer than `timeoutMs` (30 s) or writes too much. */
export function runPeer(name: PeerName, args: readonly string[], options: AttendedRunOptions = {}): Promise<PeerRun> {
  const timeoutMs = options.timeoutMs ?? 30_000;
  const { promise, resolve, reject } = Promise.withResolvers<PeerRun>();
  const child = spawn(requirePeerPath(name), args, {
    cwd: options.cwd ?? peerHome(),
    env: { ...peerEnvironment(), ...options.env },
  });
  const fail = (message: string): void => {
    child.kill('SIGKILL');
    reject(new Error(`${name} ${args[0] ?? ''}: ${message}`));
  };
  const timer = setTimeout(() => fail(`no end after ${timeoutMs} ms; stderr: ${text(stderr)}`), timeoutMs);
  const stdout = collect(child.stdout, fail);
  const stderr = collect(child.stderr, fail);
  child.once('error', (error) => fail(error.message));
  child.once('close', (status, signal) => {
    clearTimeout(timer);
    if (status === null) return fail(`ended by ${signal}`);
    resolve({ status, stdout: text(stdout), stderr: text(stderr) });
  });
  giveInput(child, options, fail);
  return promise;
}

/** Gives a program what it reads: what there is at once, or what the attendant types once it has asked. */
export function giveInput(
  { stdin, stdout, stderr }: ChildProcessWithoutNullStreams,
  { stdin: given = '', attendant }: AttendedRunOptions,
  fail: (message: string) => void,
): void {
  // A program that ends without reading its input is no error of ours.
  stdin.on('error', () => {});
  if (attendant === undefined) {
    stdin.end(given);
    return;
  }
  answerOf([stdout, stderr], attendant).then(
    (text) => stdin.end(text),
    (error: unknown) => fail(String(error)),
  );
}

/** The environment a peer gets: this process's PATH, nothing else of it. */
export function peerEnvironment(): Record<string, string> {
  const home = peerHome();
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: home,
    TUF_ROOT: join(home, 'tuf'),
    DOCKER_CONFIG: join(home, 'docker'),
  };
}

function isPresent(found: Peer | MissingPeer): found is Peer {
  return 'path' in found;
}

function isMissing(found: Peer | MissingPeer): found is MissingPeer {
  return !isPresent(found);
}

/** Rows of peers.tsv by name: status, version, path or reason. */
function installed(): Map<string, string[]> {
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const folder = process.env['COUNTERSIGN_PEERS'] || join(cache, 'countersign', 'peers');
  try {
    const lines = readFileSync(join(folder, 'peers.tsv'), 'utf8').split('\n');
    return new Map(lines.map((line) => line.split('\t')).map(([name = '', ...row]) => [name, row]));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
}

/** What the attendant types, once the peer has asked. */
function answerOf(streams: readonly NodeJS.ReadableStream[], { question, answer }: Attendant): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let isAsked = false;
  for (const stream of streams) {
    let seen = '';
    stream.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
      const asked = isAsked ? null : question.exec(seen);
      if (asked === null) return;
      isAsked = true;
      resolve(answer(asked));
    });
  }
  return promise;
}

let home: string | undefined;

function peerHome(): string {
  home ??= createScratchFolder('peer-home');
  return home;
}

function collect(stream: NodeJS.ReadableStream, fail: (message: string) => void): Buffer[] {
  const chunks: Buffer[] = [];
  let byteCount = 0;
  stream.on('data', (chunk: Buffer) => {
    byteCount += chunk.length;
    if (byteCount > maxOutputBytes) return fail(`wrote more than ${maxOutputBytes} bytes`);
    chunks.push(chunk);
  });
  return chunks;
}

function text(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8');
}
