/** Reading answers: every body capped, every refusal with its reason. */

import { concatBytes } from '../../base/bytes.ts';
import { RemoteError } from '../../base/errors.ts';
import type { RemoteErrorOptions } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { printableOf } from '../../base/printable.ts';
import type { HttpResponse } from '../../base/runtime.ts';
import { redactedUrlOf } from '../http/failure.ts';

/** An answer with where it came from, redirects followed. */
export interface Answer extends HttpResponse {
  readonly url: URL;
  /** What was asked, for messages: "GET manifests/latest". */
  readonly asked: string;
  /** How we showed who we are, in words for messages. */
  readonly identity: string;
}

/** The whole body. Throws REGISTRY_ANSWER_INVALID over the cap. */
export async function readBytes(answer: Answer, maxBytes: number): Promise<Uint8Array> {
  const declared = Number(answer.headers['content-length'] ?? 0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body) {
    size += chunk.length;
    if (Math.max(size, declared) > maxBytes) {
      throw invalidAnswer(answer, `the answer is larger than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return concatBytes(chunks);
}

/** Reads a body that nobody needs, so that its connection can be used again; a long one is broken off. */
export async function discard(answer: Pick<Answer, 'body'>): Promise<void> {
  let size = 0;
  for await (const chunk of answer.body) {
    size += chunk.length;
    if (size > limits.errorBodyBytes) {
      return;
    }
  }
}

/** Passes an answer with one of the statuses. Throws REGISTRY_DENIED, REGISTRY_THROTTLED or REGISTRY_FAILED. */
export async function requireStatus(answer: Answer, ...statuses: readonly number[]): Promise<Answer> {
  if (!statuses.includes(answer.status)) {
    throw await refusalOf(answer);
  }
  return answer;
}

/** The error that an answer with an unwanted status stands for, with the registry's own words in it.
 *  @source OCI distribution-spec, section Error Codes */
export async function refusalOf(answer: Answer): Promise<RemoteError> {
  const { status, url } = answer;
  const reason = reasonOf(await errorBodyOf(answer));
  const said = `${url.host} answered ${status} to ${answer.asked}${reason === '' ? '' : `: ${reason}`}`;
  const retryAfterMs = retryAfterMsOf(answer);
  const options: RemoteErrorOptions = {
    status,
    url: redactedUrlOf(url),
    retryable: status === 429 || (status >= 502 && status <= 504),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    details: { host: url.host, status },
  };
  if (status === 401 || status === 403) {
    return new RemoteError('REGISTRY_DENIED', `${said} (${answer.identity})`, options);
  }
  return new RemoteError(status === 429 ? 'REGISTRY_THROTTLED' : 'REGISTRY_FAILED', said, options);
}

/** Throws unless a 404 is the registry's own: a page of HTML, or XML of a store that the registry sent us on to, comes
 *  from something that knows nothing of what the registry holds. */
export async function requireOwnAbsence(answer: Answer): Promise<void> {
  const body = new TextDecoder().decode(await readBytes(answer, limits.errorBodyBytes));
  if (/^text\/html\b/i.test(answer.headers['content-type'] ?? '') || body.trimStart().startsWith('<')) {
    throw invalidAnswer(answer, "the answer is 404 with a web page, which is no registry's answer");
  }
}

export function invalidAnswer(answer: Pick<Answer, 'url' | 'asked'>, why: string, cause?: unknown): RemoteError {
  return new RemoteError('REGISTRY_ANSWER_INVALID', `${answer.url.host}, asked ${answer.asked}: ${why}`, {
    cause,
    url: redactedUrlOf(answer.url),
    details: { host: answer.url.host },
  });
}

async function errorBodyOf(answer: Answer): Promise<Uint8Array> {
  try {
    return await readBytes(answer, limits.errorBodyBytes);
  } catch {
    return new Uint8Array();
  }
}

/** Code and message of the first error. Best effort: a body that holds none says nothing. */
function reasonOf(body: Uint8Array): string {
  try {
    const document = JSON.parse(new TextDecoder().decode(body)) as {
      errors?: { code?: unknown; message?: unknown }[];
    } | null;
    const first = document?.errors?.[0];
    const words = [first?.code, first?.message].filter((word) => typeof word === 'string' && word !== '');
    return printableOf(words.join(': ').slice(0, 300));
  } catch {
    return '';
  }
}

/** @source RFC 9110 section 10.2.3 */
function retryAfterMsOf(answer: Answer): number | undefined {
  const value = answer.headers['retry-after'];
  if (value === undefined) {
    return undefined;
  }
  if (/^\d+$/.test(value)) {
    return Number(value) * 1000;
  }
  const [until, now] = [Date.parse(value), Date.parse(answer.headers['date'] ?? '')];
  return Number.isNaN(until - now) ? undefined : Math.max(0, until - now);
}
