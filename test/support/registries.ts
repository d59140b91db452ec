/** Real registries on a free loopback port, each in a process of its own. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { peerEnvironment, requirePeerPath } from './peers.ts';
import type { PeerName } from './peers.ts';
import { registryRequest } from './registry-request.ts';
import type { RegistryAddress } from './registry-request.ts';
import { createScratchFolder } from './scratch.ts';
import { createTlsFiles } from './tls.ts';

/** docker: Debian's docker-registry 2.8. docker-locked: the same behind TLS and a password. ggcr: go-containerregistry's.
 *  olareg: olareg. The last two have the referrers API. */
export type RegistryKind = 'docker' | 'docker-locked' | 'ggcr' | 'olareg';

export interface TestRegistry extends RegistryAddress {
  /** Whether it answers /referrers/ as OCI distribution 1.1 says; where not, the fallback tag decides. */
  readonly hasReferrers: boolean;
  /** What it wrote to stdout and stderr so far. */
  readonly log: () => string;
  /** Ends the process. What it stored goes with the test process. */
  readonly close: () => Promise<void>;
}

/** The peer whose program a kind of registry runs: what to name to requirePeer. */
export const registryPeers: Readonly<Record<RegistryKind, PeerName>> = {
  docker: 'docker-registry',
  'docker-locked': 'docker-registry',
  ggcr: 'ggcr-registry',
  olareg: 'olareg',
};

interface Launch {
  readonly args: readonly string[];
  readonly caFile?: string;
  readonly username?: string;
  readonly password?: string;
}

const username = 'countersign';
const password = 'loopback only';
/** bcrypt, cost 5, made by: perl -e 'print crypt("loopback only", q($2y$05$countersignCountersige))' */
const htpasswd = `${username}:$2y$05$countersignCountersige2XpO0psqHi6JZ4kkrbVxRRInNachggu\n`;

const readyWithinMs = 10_000;
const endWithinMs = 3_000;

/** Starts a registry with empty storage and waits until it answers. Throws an Error with the registry's own output when
 *  it does not, or one that names the peer when that is not installed. */
export async function startRegistry(kind: RegistryKind): Promise<TestRegistry> {
  const program = requirePeerPath(registryPeers[kind]);
  const folder = createScratchFolder(kind);
  const port = await freePort();
  const launch = launchOf(kind, folder, port);
  const child = spawn(program, launch.args, { cwd: folder, env: peerEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
  endWithUs(child);
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => output.push(chunk));
  }
  const { args: _args, ...access } = launch;
  const registry: TestRegistry = {
    host: `127.0.0.1:${port}`,
    scheme: launch.caFile === undefined ? 'http' : 'https',
    ...access,
    hasReferrers: registryPeers[kind] !== 'docker-registry',
    log: () => output.join(''),
    close: () => end(child),
  };
  await ready(registry, child);
  return registry;
}

function launchOf(kind: RegistryKind, folder: string, port: number): Launch {
  const storage = join(folder, 'storage');
  mkdirSync(storage);
  switch (kind) {
    case 'docker':
      return { args: ['serve', dockerConfigFile(folder, { addr: `127.0.0.1:${port}` }, {})] };
    case 'docker-locked': {
      const { caFile, certFile, keyFile } = createTlsFiles(folder);
      const passwordFile = join(folder, 'htpasswd');
      writeFileSync(passwordFile, htpasswd);
      const http = { addr: `127.0.0.1:${port}`, tls: { certificate: certFile, key: keyFile } };
      const auth = { htpasswd: { realm: 'countersign', path: passwordFile } };
      return { args: ['serve', dockerConfigFile(folder, http, auth)], caFile, username, password };
    }
    case 'ggcr':
      return { args: [`127.0.0.1:${port}`, storage] };
    case 'olareg':
      return {
        args: [
          'serve',
          '--addr',
          '127.0.0.1',
          '--port',
          `${port}`,
          '--dir',
          storage,
          '--api-delete',
          '--api-blob-delete',
        ],
      };
  }
}

/** JSON is YAML, which is what it reads. */
function dockerConfigFile(folder: string, http: object, auth: object): string {
  const file = join(folder, 'config.json');
  const storage = { filesystem: { rootdirectory: join(folder, 'storage') }, delete: { enabled: true } };
  writeFileSync(file, JSON.stringify({ version: '0.1', log: { level: 'warn' }, storage, http, auth }));
  return file;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function ready(registry: TestRegistry, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + readyWithinMs;
  while (Date.now() < deadline && child.exitCode === null) {
    const answer = await registryRequest(registry, 'GET', '/v2/').catch(() => undefined);
    if (answer?.status === 200) return;
    await sleep(20);
  }
  await registry.close();
  throw new Error(`the registry did not answer within ${readyWithinMs} ms: ${registry.log()}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), endWithinMs);
  await ended;
  clearTimeout(timer);
}

const running = new Set<ChildProcess>();
let isGuarded = false;

/** No registry outlives the test process, whichever way that ends. */
function endWithUs(child: ChildProcess): void {
  running.add(child);
  child.once('exit', () => running.delete(child));
  if (isGuarded) return;
  isGuarded = true;
  process.once('exit', () => running.forEach((left) => left.kill('SIGKILL')));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
}
