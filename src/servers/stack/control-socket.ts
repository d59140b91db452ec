/** How commands on this machine speak to the stack that runs: a socket in the data directory that only its owner can
 *  open. No web page and nobody on the network reaches it. */

import { chmod, rm } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import type { Server } from 'node:http';
import { join } from 'node:path';

import { parseUtf8, utf8Of } from '../../base/bytes.ts';
import { ConfigError, CountersignError, InputError, RemoteError, messageOf } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import type { JsonValue } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import { readBody, sendJson } from '../../serve/exchange.ts';

/** What is asked by name, with one JSON value each way. */
export type ControlCommands = Readonly<Record<string, (argument: JsonValue) => Promise<object>>>;

export interface ControlSocket {
  readonly close: () => Promise<void>;
}

const FILE_NAME = 'control.sock';
/** What the kernel takes for a path, the zero byte at its end not counted. */
const PATH_BYTES = 107;

/** Serves the commands. The caller holds the lock of the data directory, so a socket that is there is left from a process
 *  that was killed. Throws CONTROL_SOCKET_FAILED. */
export async function openControlSocket(dataDir: string, commands: ControlCommands): Promise<ControlSocket> {
  const path = socketPathOf(dataDir);
  await rm(path, { force: true });
  const server = createServer({ requestTimeout: limits.serviceBodyMs }, (request, response) => {
    const command = Object.hasOwn(commands, request.url?.slice(1) ?? '')
      ? commands[request.url?.slice(1) ?? '']
      : undefined;
    const answer = async (): Promise<void> => {
      if (command === undefined || request.method !== 'POST')
        throw new InputError('REQUEST_PATH_MALFORMED', 'no such command');
      const body = await readBody(request, 'control request', limits.controlBytes);
      sendJson(
        response,
        200,
        {},
        await command(parseJson(body, { what: 'control request', maxBytes: limits.controlBytes })),
      );
    };
    answer().catch((error: unknown) => {
      const { code, message } =
        error instanceof CountersignError ? error : { code: 'SERVER_FAILED', message: messageOf(error) };
      sendJson(response, 400, {}, { code, message });
    });
  });
  await listen(server, path);
  // The directory is closed to others already; this holds where somebody opened it.
  await chmod(path, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Asks the stack that runs. Throws STACK_NOT_RUNNING, or what the command answered as CONTROL_REFUSED. */
export async function askStack(dataDir: string, command: string, argument: JsonValue): Promise<JsonValue> {
  const { status, body } = await post(socketPathOf(dataDir), `/${command}`, utf8Of(JSON.stringify(argument)));
  const answer = parseJson(body, { what: 'answer of the stack', maxBytes: limits.controlBytes });
  if (status === 200) return answer;
  const { message } = answer as { readonly message?: string };
  throw new ConfigError('CONTROL_REFUSED', message ?? 'the stack refuses');
}

function socketPathOf(dataDir: string): string {
  const path = join(dataDir, FILE_NAME);
  if (utf8Of(path).length > PATH_BYTES) {
    throw new ConfigError(
      'CONTROL_SOCKET_FAILED',
      `the path ${path} has more than ${PATH_BYTES} bytes, which is all that a socket's name may have`,
    );
  }
  return path;
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new ConfigError('CONTROL_SOCKET_FAILED', `cannot listen on ${path}: ${messageOf(cause)}`, { cause })),
    );
    server.listen(path, resolve);
  });
}

function post(
  socketPath: string,
  path: string,
  body: Uint8Array,
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { socketPath, path, method: 'POST', headers: { 'Content-Length': body.length } },
      (response) => {
        const parts: Uint8Array[] = [];
        response
          .on('data', (part: Uint8Array) => parts.push(part))
          .on('end', () => resolve({ status: response.statusCode ?? 0, body: parseUtf8(Buffer.concat(parts)) }))
          .on('error', reject);
      },
    );
    request.setTimeout(limits.serviceBodyMs, () => request.destroy(new Error('no answer')));
    request.on('error', (cause) => {
      const why = `no stack answers at ${socketPath}: ${messageOf(cause)}`;
      reject(new RemoteError('STACK_NOT_RUNNING', why, { cause, retryable: false }));
    });
    request.end(body);
  });
}
