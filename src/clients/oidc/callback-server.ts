/** Waits on loopback for the browser of one login. Any page and any program of this machine may call it: only an answer
 *  with this login's own state counts, once. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { ConfigError, messageOf } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { hostNameOf, isLoopback } from '../http/host.ts';

export interface CallbackServer {
  /** What the issuer is told: byte for byte the same each time. */
  readonly redirectUrl: string;
  /** The query of the browser's answer; undefined when none came in time. Throws the signal's reason. */
  readonly wait: (waitMs: number, signal: AbortSignal) => Promise<URLSearchParams | undefined>;
  readonly close: () => void;
}

const PATH = '/auth/callback';
const HEADERS = {
  'content-type': 'text/plain; charset=utf-8',
  'content-security-policy': "default-src 'none'; sandbox",
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  connection: 'close',
} as const;

/** Listens at `wanted`, or on a free port. Throws LISTEN_FAILED, SERVICE_URL_INVALID. */
export async function openCallbackServer(wanted: URL | undefined, state: string): Promise<CallbackServer> {
  const isLocal = wanted === undefined || (wanted.protocol === 'http:' && isLoopback(hostNameOf(wanted)));
  if (!isLocal) {
    throw new ConfigError(
      'SERVICE_URL_INVALID',
      `--oidc-redirect-url: expected http://localhost:PORT/…, got ${wanted.origin}`,
    );
  }
  let deliver: (answer: URLSearchParams) => void = () => undefined;
  const arrived = new Promise<URLSearchParams>((resolve) => {
    deliver = resolve;
  });
  const path = wanted?.pathname ?? PATH;
  const server = createServer({ maxHeaderSize: limits.requestHeaderBytes }, (request, response) => {
    const answer = answerIn(request, path, state);
    if (answer !== undefined) deliver(answer);
    say(response, answer);
  });
  const { port } = await listen(server, wanted);
  return {
    redirectUrl: wanted === undefined || wanted.port === '0' ? `http://localhost:${port}${path}` : wanted.href,
    wait: (waitMs, signal) => withinTime(arrived, waitMs, signal),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function listen(server: Server, wanted: URL | undefined): Promise<AddressInfo> {
  // Browsers that take "localhost" for ::1 try 127.0.0.1 next.
  const host = wanted === undefined || wanted.hostname === 'localhost' ? '127.0.0.1' : hostNameOf(wanted);
  const port = wanted === undefined ? 0 : Number(wanted.port || '80');
  try {
    server.listen(port, host);
    await once(server, 'listening');
    return server.address() as AddressInfo;
  } catch (cause) {
    throw new ConfigError('LISTEN_FAILED', `cannot listen on ${host}:${port} for the browser: ${messageOf(cause)}`, {
      cause,
    });
  }
}

function answerIn(request: IncomingMessage, path: string, state: string): URLSearchParams | undefined {
  const host = URL.parse(`http://${request.headers.host ?? ''}`);
  const url = URL.parse(request.url ?? '', 'http://localhost');
  // A page that has its own name lead here (DNS rebinding) calls by that name.
  const isOwn = request.method === 'GET' && host !== null && isLoopback(hostNameOf(host)) && url?.pathname === path;
  return isOwn && url.searchParams.get('state') === state ? url.searchParams : undefined;
}

/** Nothing of the request is repeated. */
function say(response: ServerResponse, answer: URLSearchParams | undefined): void {
  if (answer === undefined) {
    response.writeHead(400, HEADERS).end('This is not the login that is waited for.\n');
  } else if (answer.has('code')) {
    response.writeHead(200, HEADERS).end('You are logged in. You can close this page and go back to the terminal.\n');
  } else {
    response.writeHead(200, HEADERS).end('The login failed. The terminal says why.\n');
  }
}

async function withinTime<T>(arrived: Promise<T>, waitMs: number, signal: AbortSignal): Promise<T | undefined> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), waitMs);
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', stop, { once: true });
    arrived.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    });
  });
}
