/** Puts services together on one port: finds the endpoint, hands it the call, writes its answer. */

import type { IncomingMessage, ServerResponse } from 'node:http';

import { CountersignError, InputError, UsageError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { readBody } from './exchange.ts';
import type { Answer, Call, Endpoint, Service } from './service.ts';

/** One answered request, for metrics and logs. */
export interface Served {
  readonly service: string;
  /** The endpoint's template, not the path that was asked for: few values, and nothing of a caller's. */
  readonly endpoint: string;
  readonly method: string;
  readonly status: number;
  readonly durationMs: number;
  /** What was not foreseen: to be logged, and not told to the caller. */
  readonly error?: unknown;
}

/** Whether the request was one of the services'; false leaves it to others. */
export type Router = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

interface Route {
  readonly service: Service;
  readonly endpoint: Endpoint;
  /** Undefined for paths without parameters. */
  readonly pattern: RegExp | undefined;
}

type Params = Readonly<Record<string, string>>;

/** `observe` hears of every request that was answered. */
export function openRouter(services: readonly Service[], observe: (served: Served) => void): Router {
  const routes = services.flatMap((service) =>
    service.endpoints.map((endpoint): Route => ({ service, endpoint, pattern: patternOf(endpoint.path) })),
  );
  const fixed = new Map<string, readonly Route[]>();
  for (const route of routes.filter(({ pattern }) => pattern === undefined)) {
    fixed.set(route.endpoint.path, [...(fixed.get(route.endpoint.path) ?? []), route]);
  }
  const templates = routes.filter(({ pattern }) => pattern !== undefined);
  return async (request, response) => {
    const url = urlOf(request);
    const found =
      url === undefined
        ? []
        : (fixed.get(url.pathname) ?? templates.filter((route) => route.pattern?.test(url.pathname)));
    const [first] = found;
    if (url === undefined || first === undefined) return false;
    const start = performance.now();
    const method = request.method === 'HEAD' ? 'GET' : (request.method ?? '');
    const route = found.find(({ endpoint }) => endpoint.method === method);
    const { answer, error } = await answerOf(route, first, { request, url });
    await send(response, answer);
    observe({
      service: first.service.name,
      endpoint: first.endpoint.path,
      method: route === undefined ? 'other' : method,
      status: answer.status,
      durationMs: performance.now() - start,
      ...(error === undefined ? {} : { error }),
    });
    return true;
  };
}

interface Asked {
  readonly request: IncomingMessage;
  readonly url: URL;
}

async function answerOf(
  route: Route | undefined,
  first: Route,
  { request, url }: Asked,
): Promise<{ readonly answer: Answer; readonly error?: unknown }> {
  try {
    if (route === undefined) {
      throw new UsageError('METHOD_NOT_SERVED', `${first.endpoint.path} does not answer this method`);
    }
    return { answer: await route.endpoint.handle(callOf(request, url, paramsOf(route, url.pathname))) };
  } catch (error) {
    if (request.socket.destroyed) throw error;
    const known = error instanceof CountersignError ? error : undefined;
    const answer = first.service.problemOf(
      known ?? new CountersignError('SERVER_FAILED', 'the server failed; its log says why'),
    );
    // A body that is too large is not read to its end: the connection cannot serve another request.
    const closing = answer.status === 413 || answer.status === 408 ? { Connection: 'close' } : {};
    return {
      answer: { ...answer, headers: { ...answer.headers, ...closing } },
      ...(answer.status >= 500 ? { error } : {}),
    };
  }
}

function callOf(request: IncomingMessage, url: URL, params: Params): Call {
  return {
    method: request.method ?? '',
    url,
    headers: request.headers as Call['headers'],
    params,
    body: (what, maxBytes, onBytes) => bodyInTime(readBody(request, what, maxBytes, onBytes), what),
  };
}

/** Bodies of these services are small: a client that takes minutes to send one holds a place that others need. */
async function bodyInTime(body: Promise<Uint8Array>, what: string): Promise<Uint8Array> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new InputError('REQUEST_SLOW', `${what}: not here within ${limits.serviceBodyMs / 1000} seconds`)),
      limits.serviceBodyMs,
    );
  });
  // Once it is too late nobody waits for the body any more.
  body.catch(() => undefined);
  try {
    return await Promise.race([body, late]);
  } finally {
    clearTimeout(timer);
  }
}

function send(response: ServerResponse, { status, headers, body }: Answer): Promise<void> {
  return new Promise((resolve) => {
    response.writeHead(status, { ...headers, 'Content-Length': body.length });
    response.end(body, resolve);
    response.once('close', resolve);
  });
}

/** Undefined for what no client of ours sends: another host's address, what is no address, and a path that means another
 *  one ("/tuf/../metrics"): whoever guards paths in front of us saw that one. */
function urlOf(request: IncomingMessage): URL | undefined {
  const path = request.url ?? '';
  if (!path.startsWith('/') || path.startsWith('//')) return undefined;
  const url = URL.parse(`http://localhost${path}`);
  return url?.pathname === path.split(/[?#]/, 1)[0] ? (url ?? undefined) : undefined;
}

/** "/tile/{level}/{path...}": a parameter is one part of the path, and one with dots all the rest. */
function patternOf(path: string): RegExp | undefined {
  if (!path.includes('{')) return undefined;
  const source = path
    .replaceAll(/[.*+?^$()|[\]\\]/g, (char) => `\\${char}`)
    .replaceAll(
      /\{(\w+)(\\\.\\\.\\\.)?\}/g,
      (_, name: string, rest?: string) => `(?<${name}>${rest === undefined ? '[^/]+' : '.+'})`,
    );
  return new RegExp(`^${source}$`);
}

function paramsOf({ pattern }: Route, path: string): Params {
  const groups = pattern?.exec(path)?.groups ?? {};
  return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodedOf(value)]));
}

function decodedOf(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new InputError('REQUEST_PATH_MALFORMED', 'the path has a percent sign that escapes nothing');
  }
}
