/** One request to a registry and its answer: scheme found, identity shown when asked for, redirects followed without it. */

import { CountersignError, RemoteError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { HttpMethod, HttpRequest, HttpResponse, Runtime, TlsSettings } from '../../base/runtime.ts';
import type { Repository } from '../../formats/oci/reference.ts';
import { discard } from './answer.ts';
import type { Answer } from './answer.ts';
import { openAuthorizer } from './auth.ts';
import type { Access, Authorization, Authorizer } from './auth.ts';
import { isSameServer, locationOf } from './host-rules.ts';
import { openRetries, withRetries } from './retry.ts';
import type { Retries } from './retry.ts';
import { isLoopbackRegistry, isSchemeFailure, schemesFor, tlsWantedOf, withPlainHttpHint } from './scheme.ts';
import type { Scheme } from './scheme.ts';
import type { RegistrySettings } from './settings.ts';

export type Action = 'pull' | 'push' | 'delete';

export interface RegistryRequest {
  readonly method: HttpMethod;
  /** An empty path is the registry itself. */
  readonly repository: Repository;
  /** Below `/v2/<repository>/`, or a whole URL that the registry gave (Location, Link). */
  readonly target: string | URL;
  readonly action: Action;
  /** Another repository that is read on the way (mount). */
  readonly alsoPull?: Repository;
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream is made anew for each attempt. */
  readonly body?: Uint8Array | (() => AsyncIterable<Uint8Array>);
  readonly signal?: AbortSignal;
}

export interface Exchange {
  /** Sends and reads once. For what must not happen twice. */
  readonly ask: <T>(request: RegistryRequest, read: (answer: Answer) => Promise<T>) => Promise<T>;
  /** Sends and reads until it works: for what may be repeated without harm (GET, HEAD, PUT by digest). */
  readonly askRepeatedly: <T>(request: RegistryRequest, read: (answer: Answer) => Promise<T>) => Promise<T>;
  /** For work of more than one request. */
  readonly openRetries: () => Retries;
  /** Breaks off what is under way. */
  readonly close: () => void;
}

interface State {
  readonly settings: RegistrySettings;
  readonly runtime: Runtime;
  readonly closed: AbortController;
  readonly schemes: Map<string, Scheme>;
  readonly authorizer: Authorizer;
}

const SCOPE_ACTIONS: Readonly<Record<Action, string>> = { pull: 'pull', push: 'pull,push', delete: 'pull,push,delete' };
const NOBODY: Authorization = { header: undefined, identity: 'asked without credentials' };

export function openExchange(settings: RegistrySettings, runtime: Runtime): Exchange {
  const schemes = new Map<string, Scheme>();
  const authorizer = openAuthorizer({
    credentials: settings.credentials,
    authHosts: settings.authHosts ?? [],
    runtime,
    send: (request, registry) => sendOnce(request, registry, state),
  });
  const state: State = { settings, runtime, closed: new AbortController(), schemes, authorizer };
  const ask: Exchange['ask'] = (request, read) =>
    inTime(request, runtime, async () => read(await sendInScheme(request, state)));
  return {
    ask,
    askRepeatedly: (request, read) =>
      inTime(request, runtime, () => withRetries(openRetries(runtime), () => ask(request, read))),
    openRetries: () => openRetries(runtime),
    close: () => state.closed.abort(),
  };
}

/** Finds out on the first request whether the registry speaks TLS, and remembers. */
async function sendInScheme(request: RegistryRequest, state: State): Promise<Answer> {
  const { registry } = request.repository;
  const { settings, runtime } = state;
  const known = state.schemes.get(registry);
  if (known !== undefined) {
    return (await sendOver(known, request, state)).answer;
  }
  const candidates = schemesFor(registry, settings);
  let failure: unknown;
  for (const scheme of candidates) {
    if (scheme === 'http:' && !isLoopbackRegistry(registry)) {
      runtime.log.noteOnce(
        `${registry} does not answer over TLS: it is spoken to in plain HTTP, passwords included, which anybody on the way can read and change`,
      );
    }
    try {
      const { answer, isTlsWanted } = await sendOver(scheme, request, state);
      if (!isTlsWanted || scheme === candidates.at(-1)) {
        state.schemes.set(registry, scheme);
        return answer;
      }
    } catch (error) {
      if (!isSchemeFailure(error, scheme)) {
        throw error;
      }
      failure ??= error;
    }
  }
  throw candidates.length === 1 ? withPlainHttpHint(failure, registry) : failure;
}

async function sendOver(
  scheme: Scheme,
  request: RegistryRequest,
  state: State,
): Promise<{ answer: Answer; isTlsWanted: boolean }> {
  const { registry, path } = request.repository;
  const base = new URL(`${scheme}//${registry}/v2/${path === '' ? '' : `${path}/`}`);
  const url = typeof request.target === 'string' ? new URL(request.target, base) : request.target;
  let answer = await sendAuthorized(request, url, base, state);
  if (scheme === 'http:' && !state.schemes.has(registry)) {
    const { isTlsWanted, response } = await tlsWantedOf(answer);
    answer = { ...answer, ...response };
    if (isTlsWanted) {
      return { answer, isTlsWanted };
    }
  }
  return { answer: await followRedirects(request, answer, state), isTlsWanted: false };
}

/** 1. Sends with what is known. 2. On a 401, answers the challenge and sends once more. Only the registry's own server
 *  is shown who we are: an upload's Location may lead anywhere. */
async function sendAuthorized(request: RegistryRequest, url: URL, base: URL, state: State): Promise<Answer> {
  const isOwn = isSameServer(url, base);
  const access = accessOf(request);
  const authorization = isOwn ? await state.authorizer.current(access, base) : NOBODY;
  const first = await sendAs(authorization, request, url, state);
  const challenge = first.headers['www-authenticate'];
  if (first.status !== 401 || challenge === undefined || !isOwn) {
    return first;
  }
  const next = await state.authorizer.answer(access, base, challenge, authorization);
  if (next.header === undefined || next.header === authorization.header) {
    return { ...first, identity: next.identity };
  }
  await discard(first);
  return sendAs(next, request, url, state);
}

/** Follows a GET or HEAD where the registry sends it, as anyone: to https, or from loopback to loopback. */
async function followRedirects(request: RegistryRequest, first: Answer, state: State): Promise<Answer> {
  let answer = first;
  for (let hops = 0; isRedirect(answer) && (request.method === 'GET' || request.method === 'HEAD'); hops += 1) {
    if (hops === limits.redirects) {
      throw new RemoteError(
        'REGISTRY_ANSWER_INVALID',
        `${first.url.host}, asked ${first.asked}: more than ${limits.redirects} redirects`,
      );
    }
    const url = locationOf(answer.headers['location'], answer.url);
    await discard(answer);
    answer = { ...(await sendAs(NOBODY, request, url, state)), asked: first.asked };
  }
  return answer;
}

function isRedirect({ status, headers }: Answer): boolean {
  return [301, 302, 303, 307, 308].includes(status) && headers['location'] !== undefined;
}

async function sendAs(authorization: Authorization, request: RegistryRequest, url: URL, state: State): Promise<Answer> {
  const { header, identity } = authorization;
  const { body } = request;
  const response = await sendOnce(
    {
      method: request.method,
      url,
      headers: { ...request.headers, ...(header !== undefined && { authorization: header }) },
      ...(body !== undefined && { body: typeof body === 'function' ? body() : body }),
      ...(request.signal && { signal: request.signal }),
    },
    request.repository.registry,
    state,
  );
  const target = (typeof request.target === 'string' ? request.target : url.pathname) || '/v2/';
  const where = request.repository.path === '' ? '' : ` in ${request.repository.path}`;
  return { ...response, url, asked: `${request.method} ${target}${where}`, identity };
}

async function sendOnce(
  request: HttpRequest,
  registry: string,
  { settings, runtime, closed }: State,
): Promise<HttpResponse> {
  const tls = tlsFor(request.url, registry, settings);
  const signal = AbortSignal.any([runtime.signal, closed.signal, ...(request.signal ? [request.signal] : [])]);
  const headers = { 'user-agent': settings.userAgent, ...request.headers };
  const idleTimeoutMs = settings.idleTimeoutMs ?? limits.idleMs;
  return runtime.request({ ...request, headers, signal, idleTimeoutMs, ...(tls && { tls }) });
}

/** The registry's own host gets all of the settings; other hosts get the CA, but neither our certificate nor the leave to
 *  show none. */
function tlsFor(url: URL, registry: string, { tls }: RegistrySettings): TlsSettings | undefined {
  if (tls === undefined || url.hostname === new URL(`https://${registry}`).hostname) {
    return tls;
  }
  return tls.caPem === undefined ? undefined : { caPem: tls.caPem };
}

function accessOf({ repository, action, alsoPull }: RegistryRequest): Access {
  if (repository.path === '') {
    return { ...repository, scopes: [] };
  }
  const scopes = [`repository:${repository.path}:${SCOPE_ACTIONS[action]}`];
  const other = alsoPull !== undefined && alsoPull.path !== repository.path ? [`repository:${alsoPull.path}:pull`] : [];
  return { ...repository, scopes: [...scopes, ...other] };
}

/** The deadline's reason is a DOMException, whether it strikes before, in or after an answer; everyone else's reason is
 *  what it is. */
async function inTime<T>({ repository }: RegistryRequest, { signal }: Runtime, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const isOurs = error instanceof CountersignError;
    if (signal.aborted && !isOurs && error instanceof Error && error.name === 'TimeoutError') {
      const why = `the time ran out while ${repository.registry} was asked`;
      throw new RemoteError('REGISTRY_TIMEOUT', why, { cause: error });
    }
    throw error;
  }
}
