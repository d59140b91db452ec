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
  /** Whether this start made it. */
  readonly isNew: boolean;
  /** Lets what is under way finish, and frees the directory. */
  readonly close: () => Promise<void>;
}

const DEFAULT_ADDRESS: ListenAddress = { host: '127.0.0.1', port: 8080 };
const MAINTENANCE_MS = 3_600_000;

type Cleanups = (() => Promise<void> | void)[];

interface OpenedKeys {
  /** Undefined while nothing is written down. */
  readonly existing: StackSettings | undefined;
  readonly keys: KeyRing;
  readonly password: Uint8Array;
}

type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Starts, and makes what is not there yet. Throws DATA_DIR_LOCKED, STACK_*, KEY_PASSWORD_WRONG, LISTEN_FAILED,
 *  SERVER_TLS_INVALID and what the parts throw. */
export async function startStack(options: StackOptions): Promise<RunningStack> {
  const directory = await openDataDirectory(options.dataDir);
  const cleanups: Cleanups = [directory.release];
  try {
    return await startIn(directory, options, cleanups);
  } catch (error) {
    await closeAll(cleanups);
    throw error;
  }
}

async function startIn(directory: DataDirectory, options: StackOptions, cleanups: Cleanups): Promise<RunningStack> {
  // 1. What was made, and its keys; or new keys, in memory.
  const opened = await openKeys(directory, options);

  // 2. The port, before anything is made that names it.
  let answer: Handle = answerStarting;
  const tls = await tlsOf(directory, options, opened);
  const server = await startServer({
    listen: listenAddressOf(options.wanted, opened.existing),
    ...(tls === undefined ? {} : { tls: tls.identity }),
    names: hostNamesOf(opened.existing?.url ?? options.wanted.url),
    handle: (request, response) => answer(request, response),
    answerError: (error, _request, response) => answerRefusal(error, response, options.log),
  });
  cleanups.unshift(server.close);

  // 3. A new stack is written down; then its parts are opened. From then on it is made, and nothing is made anew.
  const settings = await settingsOf(directory, options, opened, server, tls !== undefined);
  const parts = await openStackParts({
    directory,
    settings,
    keys: opened.keys,
    options,
    ...(tls?.selfMade === undefined ? {} : { selfMade: tls.selfMade }),
  });
  // After the server: what it has accepted is answered first.
  cleanups.splice(-1, 0, parts.close);
  if (!settings.isMade) await writeSettings(directory.path, { ...settings, isMade: true });

  // 4. Open for work.
  cleanups.unshift(await openControl(directory, settings, parts, options));
  const timer = setInterval(() => void maintain(parts, options.log), MAINTENANCE_MS);
  cleanups.unshift(() => clearInterval(timer));
  answer = parts.handle;
  warnOf(parts, options.log);
  const isNew = !settings.isMade;
  return { settings: { ...settings, isMade: true }, host: server.host, isNew, close: () => closeAll(cleanups) };
}

/** Throws STACK_FIXED, STACK_URL_INVALID, KEY_PASSWORD_WRONG, STACK_DATA_INVALID. */
async function openKeys({ path }: DataDirectory, { wanted, password: ask }: StackOptions): Promise<OpenedKeys> {
  const existing = await readSettings(path);
  if (existing !== undefined) requireAsMade(existing, wanted);
  const password = await ask({ isNew: existing === undefined, isDevelopment: wanted.mode === 'development' });
  return existing === undefined
    ? { existing, password, keys: createStackKeys(wanted.mode) }
    : { existing, password, keys: await readKeys(path, existing, password) };
}

async function settingsOf(
  directory: DataDirectory,
  { wanted, runtime }: StackOptions,
  { existing, keys, password }: OpenedKeys,
  server: RunningServer,
  isTls: boolean,
): Promise<StackSettings> {
  const { now, random } = runtime;
  const address = addressIn(server.host);
  const made = { dataDir: directory.path, wanted, keys, password, address, isTls, now, random };
  const settings = existing ?? (await makeStack(made));
  if (!settings.isMade) {
    // A process may have died while it made this: nobody was told of what is there.
    await Promise.all([directory.objects, directory.index].map((path) => rm(path, { recursive: true, force: true })));
  }
  return settings;
}

/** Returns how to close it. */
async function openControl(
  { path }: DataDirectory,
  { name, mode, url }: StackSettings,
  parts: StackParts,
  { runtime }: StackOptions,
): Promise<() => Promise<void>> {
  const fixed = {
    isRunning: true,
    name,
    mode,
    url,
    data: path,
    pid: process.pid,
    started: runtime.now().toISOString(),
  };
  const control = await openControlSocket(path, {
    status: (): Promise<StackStatus> => Promise.resolve({ ...fixed, ...parts.condition() }),
    token: (argument) => parts.mintToken(argument),
  });
  return control.close;
}

/** Keeps what expires fresh, and says what it cannot keep so. */
async function maintain(parts: StackParts, log: StackLog): Promise<void> {
  try {
    await parts.refresh();
  } catch (error) {
    log.warn(`the trust repository could not be refreshed: ${messageOf(error)}`);
  }
  warnOf(parts, log);
}

function warnOf(parts: StackParts, log: StackLog): void {
  const { problems, warnings } = parts.condition();
  for (const each of [...problems, ...warnings]) log.warn(each);
}

async function tlsOf(
  directory: DataDirectory,
  { tls, wanted, runtime }: StackOptions,
  { existing, keys }: OpenedKeys,
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
