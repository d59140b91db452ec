/** What clients send to the token and device endpoints, put into the one form that the library takes. */

import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

import { utf8Of } from '../../base/bytes.ts';
import { limits } from '../../base/limits.ts';
import { CLIENT_ID } from './identity-token.ts';
import { POLL_SECONDS } from './provider.ts';

/** Takes the empty password of HTTP away that public clients send. (What they send as a field nobody reads.) */
export function withoutEmptySecret(request: IncomingMessage, form: URLSearchParams): void {
  if (request.headers.authorization === `Basic ${Buffer.from(`${CLIENT_ID}:`).toString('base64')}`) {
    delete request.headers.authorization;
    form.set('client_id', CLIENT_ID);
  }
}

/** The request again, for somebody who reads its body, which was read already. */
export function withForm(request: IncomingMessage, form: URLSearchParams): IncomingMessage {
  const body = utf8Of(form.toString());
  const { method, url, socket, httpVersion, httpVersionMajor } = request;
  const headers = { ...request.headers, 'content-length': String(body.length) };
  return Object.assign(Readable.from([Buffer.from(body)]), {
    method,
    url,
    headers,
    socket,
    httpVersion,
    httpVersionMajor,
  }) as unknown as IncomingMessage;
}

/** Whether a device asks again too soon. @source RFC 8628 section 3.5 */
export function createPollGuard(nowMs: () => number): (form: URLSearchParams) => boolean {
  const lastMs = new Map<string, number>();
  return (form) => {
    const code = form.get('device_code');
    if (code === null || code.length > limits.issuerCodeCharacters) return false;
    const before = lastMs.get(code);
    const at = nowMs();
    lastMs.delete(code);
    lastMs.set(code, at);
    const [oldest] = lastMs.keys();
    if (lastMs.size > limits.issuerState && oldest !== undefined) lastMs.delete(oldest);
    // Half of it: clocks and networks jitter.
    return before !== undefined && at - before < POLL_SECONDS * 500;
  };
}
