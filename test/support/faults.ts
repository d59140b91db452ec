/** What can go wrong between a client and a registry, as answers of the request seam: the errors and bodies are those that
 *  the real way to the network gives. */
import { RemoteError } from '../../src/base/errors.ts';
import type { HttpRequest, HttpResponse } from '../../src/base/runtime.ts';
import { failureOf, stalled } from '../../src/clients/http/failure.ts';

export const faultNames = [
  '401',
  '401-bearer',
  '403',
  '429',
  '500',
  '502',
  '503',
  '504',
  'cut',
  'cut-short',
  'stall',
  'stall-midway',
  'html',
  'html-404',
  'wrong-digest',
] as const;
export type FaultName = (typeof faultNames)[number];

/** An answer held in memory. */
export interface StoredAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export function responseOf({ status, headers, body }: StoredAnswer): HttpResponse {
  return { status, headers, body: chunksOf(body) };
}

/** The answer bent by the fault, or the fault's error. */
export function faultyAnswer(fault: FaultName, { url }: HttpRequest, honest: StoredAnswer): HttpResponse {
  switch (fault) {
    case '401-bearer':
      return refusal(401, {
        'www-authenticate': `Bearer realm="${url.origin}/token",service="registry",scope="repository:x:pull"`,
      });
    case 'cut':
      throw failureOf(Object.assign(new Error('reset'), { code: 'ECONNRESET' }), {
        url,
        proxyHost: undefined,
        wasConnected: true,
      });
    case 'cut-short':
      return {
        ...responseOf(honest),
        body: brokenBody(honest.body, new RemoteError('HTTP_CUT', 'the answer broke off', { retryable: true })),
      };
    case 'stall':
      throw stalled(url, 60_000, false);
    case 'stall-midway':
      return { ...responseOf(honest), body: brokenBody(honest.body, stalled(url, 60_000, true)) };
    case 'html':
      return { status: 200, headers: { 'content-type': 'text/html' }, body: chunksOf(PAGE) };
    case 'html-404':
      return { status: 404, headers: { 'content-type': 'text/html; charset=utf-8' }, body: chunksOf(PAGE) };
    case 'wrong-digest':
      return responseOf({ ...honest, body: flippedOf(honest.body) });
    default:
      return refusal(Number(fault), {});
  }
}

const PAGE = new TextEncoder().encode('<html><body>Please sign in</body></html>');

function refusal(status: number, headers: Readonly<Record<string, string>>): HttpResponse {
  const body = new TextEncoder().encode('{"errors":[{"code":"DENIED","message":"no"}]}');
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: chunksOf(body) };
}

/** Another document of the same length: one digit of some digest, or the middle byte, differs. */
function flippedOf(body: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(body);
  const middle = copy.length >> 1;
  copy[middle] = (copy[middle] ?? 0) ^ 1;
  return copy;
}

async function* chunksOf(body: Uint8Array): AsyncGenerator<Uint8Array> {
  yield body;
}

async function* brokenBody(body: Uint8Array, error: Error): AsyncGenerator<Uint8Array> {
  yield body.subarray(0, body.length >> 1);
  throw error;
}
