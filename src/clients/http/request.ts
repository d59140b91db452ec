/** The one way out to the network: node:http(s), connections kept open, proxies by Go's rules, trust per request. */

import type { ClientRequest, IncomingMessage } from 'node:http';

import { isErrorWithCode } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { HttpRequest, HttpResponse, Request } from '../../base/runtime.ts';
import { openAgents } from './agents.ts';
import type { Agents, Connection } from './agents.ts';
import { failureOf, stalled } from './failure.ts';
import { hostNameOf } from './host.ts';
import type { Environment } from './proxy.ts';

export interface HttpSettings {
  /** HTTP_PROXY, HTTPS_PROXY, NO_PROXY, REQUEST_METHOD, SSL_CERT_FILE and SSL_CERT_DIR are read from it. */
  readonly environment: Environment;
}

export interface OpenRequest {
  readonly request: Request;
  /** Closes every connection, those in use too. */
  readonly close: () => void;
}

/** Opens no connection yet. The request throws PROXY_INVALID, TLS_CA_INVALID and TLS_CLIENT_CERTIFICATE_INVALID besides
 *  what the seam promises. */
export function openRequest(settings: HttpSettings): OpenRequest {
  const agents = openAgents(settings.environment);
  return { request: (request) => send(request, agents), close: agents.close };
}

/** Nothing was sent to a server that is not trusted, so a request that need not be streamed again can be sent anew. */
async function send(request: HttpRequest, agents: Agents): Promise<HttpResponse> {
  request.signal?.throwIfAborted();
  const connection = await agents.agentFor(request.url, request);
  try {
    return await sendOn(connection, request);
  } catch (error) {
    const isStream = request.body !== undefined && !(request.body instanceof Uint8Array);
    if (isErrorWithCode(error, 'TLS_UNTRUSTED') && !isStream && agents.addSystemTrust(connection)) {
      return send(request, agents);
    }
    throw error;
  }
}

async function sendOn(connection: Connection, request: HttpRequest): Promise<HttpResponse> {
  const idle = openIdleTimer(request.url, request.idleTimeoutMs ?? limits.idleMs);
  const outgoing = startRequest(request, connection);
  let wasConnected = false;
  outgoing.on('socket', (socket) => {
    // A socket from the pool has been connected for long.
    wasConnected = outgoing.reusedSocket;
    if (!wasConnected) {
      socket.once(request.url.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
        wasConnected = true;
      });
    }
  });
  let bodyFailure: { readonly error: unknown } | undefined;
  const fail = (error: unknown): unknown => {
    if (request.signal?.aborted === true) {
      return request.signal.reason;
    }
    // What went wrong where the body comes from is not this host's fault.
    return bodyFailure === undefined
      ? failureOf(error, { url: request.url, proxyHost: connection.proxyHost, wasConnected })
      : bodyFailure.error;
  };
  idle.start(outgoing, false);
  try {
    const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.on('response', resolve);
      outgoing.on('error', reject);
      sendBody(request.body, outgoing, idle).catch((error: unknown) => {
        bodyFailure = { error };
        outgoing.destroy(new Error('the body broke off'));
      });
    });
    const body = readBody(incoming, outgoing, idle, fail);
    return { status: incoming.statusCode ?? 0, headers: headersOf(incoming), body };
  } catch (error) {
    throw fail(error);
  } finally {
    idle.stop();
  }
}

function startRequest(request: HttpRequest, connection: Connection): ClientRequest {
  const { url, body } = request;
  // Built from parts: given the URL itself, Node would send a user and password that it holds.
  return connection.request({
    method: request.method,
    protocol: url.protocol,
    host: hostNameOf(url),
    port: url.port,
    path: `${url.pathname}${url.search}`,
    agent: connection.agent,
    headers: { ...request.headers, ...(body instanceof Uint8Array && { 'content-length': String(body.length) }) },
    ...(request.signal && { signal: request.signal }),
  });
}

/** Writes the body as fast as the other side takes it. An answer that comes first ends the writing: it is a refusal. */
async function sendBody(body: HttpRequest['body'], outgoing: ClientRequest, idle: IdleTimer): Promise<void> {
  if (body === undefined || body instanceof Uint8Array) {
    outgoing.end(body);
    return;
  }
  let isOver = false;
  let wake = (): void => undefined;
  const end = (): void => {
    isOver = true;
    wake();
  };
  outgoing
    .once('response', end)
    .once('close', end)
    .on('drain', () => wake());
  for await (const chunk of body) {
    idle.touch();
    if (!isOver && !outgoing.write(chunk)) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    if (isOver) {
      return;
    }
    idle.touch();
  }
  outgoing.end();
}

async function* readBody(
  incoming: IncomingMessage,
  outgoing: ClientRequest,
  idle: IdleTimer,
  fail: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array> {
  const chunks = incoming[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  try {
    for (;;) {
      // Armed only while we wait: a reader that takes its time is no stall.
      idle.start(incoming, true);
      const { done, value } = await chunks.next();
      idle.stop();
      if (done === true) {
        return;
      }
      yield value;
    }
  } catch (error) {
    throw fail(error);
  } finally {
    idle.stop();
    await chunks.return?.();
    if (!outgoing.writableFinished) {
      outgoing.destroy();
    }
  }
}

function headersOf(incoming: IncomingMessage): Readonly<Record<string, string>> {
  const entries = Object.entries(incoming.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : (value ?? ''),
  ]);
  return Object.fromEntries(entries) as Record<string, string>;
}

interface IdleTimer {
  /** Destroys the stream with HTTP_STALLED unless touched or stopped in time. */
  readonly start: (stream: ClientRequest | IncomingMessage, hasBegun: boolean) => void;
  readonly touch: () => void;
  readonly stop: () => void;
}

function openIdleTimer(url: URL, idleTimeoutMs: number): IdleTimer {
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => clearTimeout(timer);
  return {
    start: (stream, hasBegun) => {
      stop();
      timer = setTimeout(() => stream.destroy(stalled(url, idleTimeoutMs, hasBegun)), idleTimeoutMs);
    },
    touch: () => timer?.refresh(),
    stop,
  };
}
