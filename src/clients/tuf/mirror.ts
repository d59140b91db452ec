/** Files of a TUF repository, from where its mirror is. Nothing that comes is believed here: whoever asks checks. */

import { fileURLToPath } from 'node:url';

import { concatBytes } from '../../base/bytes.ts';
import { ConfigError, InputError, messageOf, RemoteError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { printableOf } from '../../base/printable.ts';
import type { HttpResponse, Runtime } from '../../base/runtime.ts';
import { readFileCapped } from '../files/capped-file.ts';
import { redactedUrlOf } from '../http/failure.ts';
import { openRetries, withRetries } from '../registry/retry.ts';

/** The public instance. */
export const publicMirror = 'https://tuf-repo-cdn.sigstore.dev';
/** The public instance's testing ground. */
export const stagingMirror = 'https://tuf-repo-cdn.sigstage.dev';

/** Where files come from. */
export interface Mirror {
  /** As it was given: caches are named after this text. */
  readonly address: string;
  /** The file at this path below the mirror, or undefined when the mirror says that there is none. The parts are
   *  escaped, but none may be "." or "..". Throws INPUT_TOO_LARGE, TUF_MIRROR_FAILED and what `request` throws. */
  readonly fetchFile: (path: readonly string[], maxBytes: number) => Promise<Uint8Array | undefined>;
}

/** What fetching needs of the world. `fileMs` is for tests. */
export interface MirrorContext {
  readonly runtime: Runtime;
  readonly fileMs?: number;
}

/** Opens no connection yet. Throws TUF_MIRROR_INVALID. */
export function openMirror(address: string, context: MirrorContext): Mirror {
  const base = parseMirrorAddress(address).href.replace(/\/?$/, '/');
  return {
    address,
    fetchFile: async (path, maxBytes) =>
      fetchAddress(new URL(base + path.map(encodeURIComponent).join('/')), maxBytes, context),
  };
}

/** https, http or file; without a user, password, query or fragment. Throws TUF_MIRROR_INVALID. */
export function parseMirrorAddress(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !['https:', 'http:', 'file:'].includes(url.protocol)) {
    throw invalid(text, 'expected https://host/path, http://host/path or file:///path');
  }
  if (url.username !== '' || url.password !== '') {
    // The address is kept in a file and shown: a password has no place in it.
    throw invalid(redactedUrlOf(url), 'the address of a mirror has no user and password');
  }
  if (url.search !== '' || url.hash !== '' || (url.protocol === 'file:' && url.host !== '')) {
    throw invalid(redactedUrlOf(url), 'expected a host and path alone');
  }
  return url;
}

/** The bytes at an address, or undefined when there are none (404; 403 as object stores say it). No redirect is followed.
 *  Throws INPUT_TOO_LARGE, TUF_MIRROR_FAILED and what `request` throws. */
export async function fetchAddress(
  url: URL,
  maxBytes: number,
  context: MirrorContext,
): Promise<Uint8Array | undefined> {
  if (url.protocol === 'file:') return readLocal(url, maxBytes);
  return withRetries(openRetries(context.runtime), () => fetchOnce(url, maxBytes, context));
}

async function fetchOnce(
  url: URL,
  maxBytes: number,
  { runtime, fileMs = limits.tufFileMs }: MirrorContext,
): Promise<Uint8Array | undefined> {
  // The idle timeout ends a silence; only this one ends a drip.
  const timeout = AbortSignal.timeout(fileMs);
  try {
    const signal = AbortSignal.any([runtime.signal, timeout]);
    const response = await runtime.request({ method: 'GET', url, signal, idleTimeoutMs: limits.idleMs });
    if (response.status === 200) return await readCapped(response, maxBytes, url);
    await discard(response);
    if (response.status === 404 || response.status === 403) return undefined;
    throw refused(url, response);
  } catch (cause) {
    if (!timeout.aborted || runtime.signal.aborted) throw cause;
    throw new RemoteError('TUF_MIRROR_FAILED', `${redactedUrlOf(url)} did not arrive whole in ${fileMs / 1000} s`, {
      cause,
      url: redactedUrlOf(url),
    });
  }
}

async function readCapped(response: HttpResponse, maxBytes: number, url: URL): Promise<Uint8Array> {
  const tooLarge = (): InputError =>
    new InputError('INPUT_TOO_LARGE', `${redactedUrlOf(url)}: more than the ${maxBytes} bytes that it may have`);
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body) {
    length += chunk.length;
    // Leaving the loop ends the connection: a server that never stops sends no more.
    if (length > maxBytes) throw tooLarge();
    parts.push(chunk);
  }
  return concatBytes(parts);
}

async function discard({ body }: HttpResponse): Promise<void> {
  for await (const _ of body) break;
}

function refused(url: URL, { status, headers }: HttpResponse): RemoteError {
  const shown = redactedUrlOf(url);
  const place = headers['location'] === undefined ? null : URL.parse(headers['location'], url.href);
  const why = place === null ? '' : ` (a redirect to ${printableOf(redactedUrlOf(place))}, which is not followed)`;
  return new RemoteError('TUF_MIRROR_FAILED', `${shown} answered ${status}${why}, expected 200 or 404`, {
    status,
    url: shown,
    retryable: status >= 500 || status === 429,
  });
}

function readLocal(url: URL, maxBytes: number): Uint8Array | undefined {
  try {
    return readFileCapped(fileURLToPath(url), maxBytes);
  } catch (cause) {
    if (cause instanceof InputError)
      throw new InputError('INPUT_TOO_LARGE', `${url.href}: ${cause.message}`, { cause });
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new ConfigError('FILE_NOT_READABLE', `cannot read ${url.href}: ${messageOf(cause)}`, { cause });
  }
}

function invalid(text: string, why: string): ConfigError {
  return new ConfigError('TUF_MIRROR_INVALID', `${JSON.stringify(text.slice(0, 200))}: ${why}`);
}
