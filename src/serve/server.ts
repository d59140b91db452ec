/** One HTTP or HTTPS server: listens, refuses what no honest client sends, times out, stops. What it answers is the
 *  handler's business. On plain node:http: see docs/decisions/0003-serving.md. */

import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, Server, ServerOptions as HttpOptions, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

import { ConfigError, messageOf } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { isLoopbackHost, requireTrustedCaller } from './caller.ts';

export interface ListenAddress {
  /** An address or name of this machine: "127.0.0.1", "::1", "localhost", "0.0.0.0". */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

export interface TlsIdentity {
  readonly certificatePem: string;
  readonly keyPem: string;
}

export interface ServerOptions {
  readonly listen: ListenAddress;
  /** Serves HTTPS when given, else plain HTTP. */
  readonly tls?: TlsIdentity;
  /** Host names, in lower case, by which a proxy in front calls a server that listens on loopback. */
  readonly names?: readonly string[];
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** Answers for what `handle` threw, or for a refused caller; the response's head is not sent yet. */
  readonly answerError: (error: unknown, request: IncomingMessage, response: ServerResponse) => void;
}

export interface RunningServer {
  /** "http://127.0.0.1:5000", without a slash at the end. */
  readonly url: string;
  /** "127.0.0.1:5000", as image references write it. */
  readonly host: string;
  /** Accepts nothing more, waits `limits.serverStopMs` for requests under way, then cuts them. */
  readonly close: () => Promise<void>;
}

/** Starts serving. Throws LISTEN_FAILED, SERVER_TLS_INVALID. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const isLoopbackOnly = isLoopbackHost(options.listen.host);
  const server = createServer(options.tls, (request, response) => {
    // Not even a failure to tell of a failure may end the process.
    answer(options, isLoopbackOnly, request, response).catch(() => response.destroy());
  });
  server.setTimeout(limits.idleMs);
  server.maxConnections = limits.serverConnections;
  const { port } = await listen(server, options.listen);
  const name = options.listen.host.includes(':') ? `[${options.listen.host}]` : options.listen.host;
  const host = `${name}:${port}`;
  return { url: `${options.tls === undefined ? 'http' : 'https'}://${host}`, host, close: () => stop(server) };
}

async function answer(
  options: ServerOptions,
  isLoopbackOnly: boolean,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!isInTurn(request, response)) return void request.socket.destroy();
  endUnreadBody(request, response);
  // Defaults that keep a browser from running or guessing anything; a handler that serves pages sets its own.
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Content-Security-Policy', "sandbox; default-src 'none'");
  try {
    requireTrustedCaller(request, isLoopbackOnly, options.names);
    await options.handle(request, response);
  } catch (error) {
    if (response.headersSent || request.socket.destroyed) {
      // The client is gone, or was promised a body that will not come: a cut connection is the only honest end.
      response.destroy();
    } else {
      options.answerError(error, request, response);
    }
  }
}

/** Requests of a connection that have no whole answer yet. */
const underWay = new WeakMap<Socket, number>();

/** Node hands over all requests that a connection sends before it has an answer, without end; no client of ours sends
 *  more than one. */
function isInTurn({ socket }: IncomingMessage, response: ServerResponse): boolean {
  const count = (underWay.get(socket) ?? 0) + 1;
  underWay.set(socket, count);
  response.once('close', () => underWay.set(socket, (underWay.get(socket) ?? 0) - 1));
  return count <= limits.pipelinedRequests;
}

/** What a handler left unread Node reads on, for as long as it comes: who was answered has a while to end. */
function endUnreadBody(request: IncomingMessage, response: ServerResponse): void {
  response.once('finish', () => {
    const { socket } = request;
    if (request.complete || socket.destroyed) return;
    const timer = setTimeout(() => socket.destroy(), limits.serviceBodyMs);
    const stop = (): void => clearTimeout(timer);
    request.once('end', stop);
    socket.once('close', stop);
  });
}

function createServer(
  tls: TlsIdentity | undefined,
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
  const settings: HttpOptions = {
    maxHeaderSize: limits.requestHeaderBytes,
    headersTimeout: limits.requestHeaderMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.idleMs,
    requireHostHeader: true,
    noDelay: true,
  };
  if (tls === undefined) {
    return createHttpServer(settings, onRequest);
  }
  try {
    return createHttpsServer(
      {
        ...settings,
        cert: tls.certificatePem,
        key: tls.keyPem,
        minVersion: 'TLSv1.2',
        handshakeTimeout: limits.requestHeaderMs,
      },
      onRequest,
    );
  } catch (cause) {
    // OpenSSL's text names the fault, never the key.
    const why = `the certificate and key cannot be used: ${messageOf(cause)}`;
    throw new ConfigError('SERVER_TLS_INVALID', why, { cause });
  }
}

function listen(server: Server, address: ListenAddress): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    // The listener stays: later, a connection that cannot be accepted (no file descriptor left) is lost and the server
    // goes on.
    server.on('error', (cause) => {
      const why = `cannot listen on ${address.host} port ${address.port}: ${messageOf(cause)}`;
      reject(new ConfigError('LISTEN_FAILED', why, { cause }));
    });
    server.listen(address.port, address.host, () => {
      resolve(server.address() as AddressInfo);
    });
  });
}

/** A connection that turns idle after the stop began is closed at the next sweep; what is still busy at the end is cut. */
async function stop(server: Server): Promise<void> {
  const sweep = setInterval(() => server.closeIdleConnections(), 20);
  const cut = setTimeout(() => server.closeAllConnections(), limits.serverStopMs);
  try {
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  } finally {
    clearInterval(sweep);
    clearTimeout(cut);
  }
}
