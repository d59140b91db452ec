/** A whole private Sigstore in this process, on one port. */

import { rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { ConfigError, CountersignError, messageOf } from '../../base/errors.ts';
import type { KeyRing } from '../../crypto/key-ring.ts';
import { isLoopbackHost } from '../../serve/caller.ts';
import { sendJson } from '../../serve/exchange.ts';
import { startServer } from '../../serve/server.ts';
import type { ListenAddress, RunningServer, TlsIdentity } from '../../serve/server.ts';
import { openDataDirectory, readKeys, readSettings, writeSettings } from './data-directory.ts';
import type { DataDirectory } from './data-directory.ts';
import { openControlSocket } from './control-socket.ts';
import { makeStack, requireAsMade } from './make-stack.ts';
import type { WantedStack } from './make-stack.ts';
import { openSelfMadeTls } from './self-made-tls.ts';
import type { SelfMadeTls } from './self-made-tls.ts';
import { createStackKeys } from './stack-keys.ts';
import type { StackLog } from './stack-log.ts';
import type { StackOptions } from './stack-options.ts';
import { openStackParts } from './stack-parts.ts';
import type { StackParts } from './stack-parts.ts';
import type { StackSettings } from './stack-settings.ts';
import type { StackStatus } from './stack-status.ts';

export interface RunningStack {
  readonly settings: StackSettings;
  /** "127.0.0.1:8080" */
  readonly host: string;
  readonly parts: StackParts;
  /** Lets what is under way finish, and frees the directory. */
  readonly close: () => Promise<void>;
}

const DEFAULT_ADDRESS: ListenAddress = { host: '127.0.0.1', port: 8080 };
const MAINTENANCE_MS = 3_600_000;

type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Starts, and makes what is not there yet. Throws DATA_DIR_LOCKED, STACK_*, KEY_PASSWORD_WRONG, LISTEN_FAILED,
 *  SERVER_TLS_INVALID and what the parts throw. */
export async function startStack(options: StackOptions): Promise<RunningStack> {
  const directory = await openDataDirectory(options.dataDir);
  const cleanups: (() => Promise<void> | void)[] = [directory.release];
  try {
    return await startIn(directory, options, cleanups);
  } catch (error) {
    await closeAll(cleanups);
    throw error;
  }
}

async function startIn(
  directory: DataDirectory,
  options: StackOptions,
  cleanups: (() => Promise<void> | void)[],
): Promise<RunningStack> {
  const { wanted, runtime, log } = options;

  // 1. What was made, and its keys; or new keys, in memory.
  const existing = await readSettings(directory.path);
  if (existing !== undefined) requireAsMade(existing, wanted);
  const isDevelopment = wanted.mode === 'development';
  const password = await options.password({ isNew: existing === undefined, isDevelopment });
  const keys =
    existing === undefined ? createStackKeys(wanted.mode) : await readKeys(directory.path, existing, password);

  // 2. The port, before anything is made that names it.
  const tls = await tlsOf(directory, options, existing, keys);
  let answer: Handle = answerStarting;
  const server = await startServer({
    listen: listenAddressOf(wanted, existing),
    ...(tls === undefined ? {} : { tls: tls.identity }),
    names: hostNamesOf(existing?.url ?? wanted.url),
    handle: (request, response) => answer(request, response),
    answerError: (error, _request, response) => answerRefusal(error, response, log),
  });
  cleanups.unshift(server.close);

  // 3. A new stack is written down.
  const settings =
    existing ??
    (await makeStack({
      dataDir: directory.path,
      wanted,
      keys,
      password,
      address: addressOf(server),
      isTls: tls !== undefined,
      now: runtime.now,
      random: runtime.random,
    }));
  if (!settings.isMade) {
    // A process died while it made this: nobody was told of what is there.
    await Promise.all([directory.objects, directory.index].map((path) => rm(path, { recursive: true, force: true })));
  }

  // 4. Logs, authorities and trust; then it is made, and never made anew.
  const parts = await openStackParts({
    ...{ directory, settings, keys, options },
    ...(tls?.selfMade === undefined ? {} : { selfMade: tls.selfMade }),
  });
  cleanups.unshift(parts.close);
  if (!settings.isMade) await writeSettings(directory.path, { ...settings, isMade: true });

  // 5. Open for work.
  const started = runtime.now();
  const status = (): StackStatus => ({
    isRunning: true,
    name: settings.name,
    mode: settings.mode,
    url: settings.url,
    data: directory.path,
    pid: process.pid,
    started: started.toISOString(),
    ...parts.condition(),
  });
  const control = await openControlSocket(directory.path, {
    status: () => Promise.resolve(status()),
    token: (argument) => parts.mintToken(argument),
  });
  cleanups.unshift(control.close);
  const timer = setInterval(() => void maintain(parts, log), MAINTENANCE_MS);
  cleanups.unshift(() => clearInterval(timer));
  answer = parts.handle;
  for (const problem of [...parts.condition().problems, ...parts.condition().warnings]) log.warn(problem);
  return { settings: { ...settings, isMade: true }, host: server.host, parts, close: () => closeAll(cleanups) };
}

/** Keeps what expires fresh, and says what it cannot keep so. */
async function maintain(parts: StackParts, log: StackLog): Promise<void> {
  try {
    await parts.refresh();
  } catch (error) {
    log.warn(`the trust repository could not be refreshed: ${messageOf(error)}`);
  }
  for (const problem of [...parts.condition().problems, ...parts.condition().warnings]) log.warn(problem);
}

async function tlsOf(
  directory: DataDirectory,
  { tls, wanted, runtime }: StackOptions,
  existing: StackSettings | undefined,
  keys: KeyRing,
): Promise<{ readonly identity: TlsIdentity; readonly selfMade?: SelfMadeTls } | undefined> {
  if (tls !== 'self-made') return tls === undefined ? undefined : { identity: tls };
  const key = keys.get('tls');
  if (key === undefined) throw new ConfigError('STACK_DATA_INVALID', 'the key tls is not in the data directory');
  const [host = 'localhost'] = hostNamesOf(existing?.url ?? wanted.url);
  const selfMade = await openSelfMadeTls(directory.path, host, key, runtime.now);
  return { identity: selfMade.identity, selfMade };
}

/** Throws STACK_FIXED where a development stack would be open to others. */
function listenAddressOf({ listen, mode }: WantedStack, existing: StackSettings | undefined): ListenAddress {
  const address = listen ?? (existing === undefined ? DEFAULT_ADDRESS : addressIn(existing.listen));
  if (mode === 'development' && !isLoopbackHost(address.host)) {
    throw new ConfigError(
      'STACK_FIXED',
      `a development stack signs anybody in: it listens on loopback only, not on ${address.host}`,
    );
  }
  return address;
}

function addressOf({ host }: RunningServer): ListenAddress {
  return addressIn(host);
}

/** Of what this program wrote: "127.0.0.1:8080", "[::1]:8080". */
function addressIn(text: string): ListenAddress {
  const at = text.lastIndexOf(':');
  return { host: text.slice(0, at).replaceAll(/[[\]]/g, ''), port: Number(text.slice(at + 1)) };
}

function hostNamesOf(url: string | undefined): readonly string[] {
  const host = url === undefined ? undefined : URL.parse(url)?.hostname;
  return host === undefined ? [] : [host.replaceAll(/[[\]]/g, '')];
}

function answerStarting(_request: IncomingMessage, response: ServerResponse): Promise<void> {
  sendJson(response, 503, { 'Retry-After': 1 }, { code: 503, message: 'the stack is starting' });
  return Promise.resolve();
}

function answerRefusal(error: unknown, response: ServerResponse, log: StackLog): void {
  if (!(error instanceof CountersignError)) log.warn(`a request failed: ${messageOf(error)}`);
  const { status, message } =
    error instanceof CountersignError
      ? { status: error.entry.http, message: error.message }
      : { status: 500, message: 'the server failed; its log says why' };
  sendJson(response, status, {}, { code: status, message });
}

/** In this order, each whatever becomes of the one before. */
async function closeAll(cleanups: readonly (() => Promise<void> | void)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const cleanup of cleanups) {
    try {
      await cleanup();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
