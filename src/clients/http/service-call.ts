/** One question to a signing service. Secrets go along (identity tokens), so the rules are strict: https, or plain http on
 *  loopback; no redirect is followed; answers are capped in bytes and time; errors repeat no secret. */

import { concatBytes } from '../../base/bytes.ts';
import { ConfigError, RemoteError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { printableOf } from '../../base/printable.ts';
import type { HttpResponse, Runtime } from '../../base/runtime.ts';
import { openRetries, withRetries } from '../registry/retry.ts';
import { redactedUrlOf } from './failure.ts';
import { hostNameOf, isLoopback } from './host.ts';

export interface ServiceCall {
  /** Who is asked, for messages: "the certificate authority". */
  readonly service: string;
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Statuses that are answers; others are failures. */
  readonly expected: readonly number[] | 'any';
}

export interface ServiceAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** The address of a service. `what` names the flag or file that gave it. Throws SERVICE_URL_INVALID. */
export function parseServiceUrl(text: string, what: string): URL {
  const url = URL.parse(text);
  const shown = url === null ? JSON.stringify(text.slice(0, 200)) : printableOf(redactedUrlOf(url));
  const fault =
    url === null
      ? 'expected https://host/path'
      : url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== ''
        ? 'expected a host and path alone'
        : urlFaultOf(url);
  if (url === null || fault !== undefined) throw new ConfigError('SERVICE_URL_INVALID', `${what}: ${shown}: ${fault}`);
  return url;
}

/** The address of one thing that a service does. */
export function serviceAddressOf(service: URL, path: string): URL {
  return new URL(service.href.replace(/\/+$/, '') + path);
}

/** Asks, and asks again after failures that pass (5xx, 429, a broken connection): whatever is asked here may be asked
 *  twice. Throws SERVICE_FAILED, SERVICE_ANSWER_INVALID, SERVICE_URL_INVALID and what `request` throws. */
export async function callService(runtime: Runtime, call: ServiceCall): Promise<ServiceAnswer> {
  return withRetries(openRetries(runtime), () => callServiceOnce(runtime, call));
}

/** The same without asking again. */
export async function callServiceOnce(runtime: Runtime, call: ServiceCall): Promise<ServiceAnswer> {
  const { service, url, method, headers, body, expected } = call;
  const fault = urlFaultOf(url);
  if (fault !== undefined) throw new ConfigError('SERVICE_URL_INVALID', `${service}: ${redactedUrlOf(url)}: ${fault}`);
  const timeout = AbortSignal.timeout(limits.serviceAnswerMs);
  try {
    const signal = AbortSignal.any([runtime.signal, timeout]);
    const response = await runtime.request({
      method,
      url,
      signal,
      idleTimeoutMs: limits.idleMs,
      ...(headers === undefined ? {} : { headers }),
      ...(body === undefined ? {} : { body }),
    });
    const answer = { status: response.status, headers: response.headers, body: await readCapped(call, response) };
    if (expected !== 'any' && !expected.includes(answer.status)) throw failureOf(call, answer);
    return answer;
  } catch (cause) {
    if (!timeout.aborted || runtime.signal.aborted) throw cause;
    const seconds = limits.serviceAnswerMs / 1000;
    throw new RemoteError('SERVICE_FAILED', `${service} ${redactedUrlOf(url)} did not answer in ${seconds} s`, {
      cause,
      url: redactedUrlOf(url),
      retryable: true,
    });
  }
}

/** SERVICE_ANSWER_INVALID, to be thrown. */
export function invalidAnswer({ service, url }: Pick<ServiceCall, 'service' | 'url'>, why: string): RemoteError {
  const shown = redactedUrlOf(url);
  return new RemoteError('SERVICE_ANSWER_INVALID', `${service} ${shown}: ${why}`, { url: shown });
}

/** Why nothing secret may be sent there; undefined when it may. */
function urlFaultOf(url: URL): string | undefined {
  if (url.protocol === 'https:') return undefined;
  return url.protocol === 'http:' && isLoopback(hostNameOf(url))
    ? undefined
    : 'expected https://; plain http is for loopback only, since identity tokens must not be overheard';
}

async function readCapped(call: ServiceCall, { body }: HttpResponse): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    // Leaving the loop ends the connection: a server that never stops sends no more.
    if (length > limits.serviceAnswerBytes) {
      throw invalidAnswer(call, `the answer has more than ${limits.serviceAnswerBytes} bytes`);
    }
    parts.push(chunk);
  }
  return concatBytes(parts);
}

function failureOf(call: ServiceCall, { status, headers, body }: ServiceAnswer): RemoteError {
  const shown = redactedUrlOf(call.url);
  const place = headers['location'] === undefined ? null : URL.parse(headers['location'], call.url.href);
  const said =
    status >= 300 && status < 400 && place !== null
      ? `a redirect to ${printableOf(redactedUrlOf(place))}, which is not followed`
      : reasonOf(call, body);
  return new RemoteError('SERVICE_FAILED', `${call.service} ${shown} answered ${status}${said && `: ${said}`}`, {
    status,
    url: shown,
    retryable: status === 429 || status >= 500,
    ...retryAfterOf(headers['retry-after']),
  });
}

const REASON_CHARACTERS = 500;
const TOKEN = /\beyJ[\w-]*(?:\.[\w-]*)*/g;

/** The message of the service's own error, in one of the usual members. A service may repeat what it was sent: no token
 *  is shown. */
function reasonOf({ headers = {} }: ServiceCall, body: Uint8Array): string {
  const secret = headers['authorization']?.split(' ')[1];
  const text = new TextDecoder().decode(body.subarray(0, limits.errorBodyBytes));
  const shown = (messageIn(text) ?? text).replaceAll(TOKEN, '(token)');
  const clean = secret === undefined || secret === '' ? shown : shown.replaceAll(secret, '(secret)');
  return printableOf(clean.trim().slice(0, REASON_CHARACTERS));
}

function messageIn(text: string): string | undefined {
  try {
    const document = JSON.parse(text) as Readonly<Record<string, unknown>> | null;
    const words = ['message', 'error', 'error_description', 'detail', 'title'].map((name) => document?.[name]);
    const said = words.filter((word) => typeof word === 'string' && word !== '');
    return said.length === 0 ? undefined : said.join(': ');
  } catch {
    return undefined;
  }
}

function retryAfterOf(seconds: string | undefined): { readonly retryAfterMs?: number } {
  return seconds !== undefined && /^\d{1,6}$/.test(seconds) ? { retryAfterMs: Number(seconds) * 1000 } : {};
}
