/** Fetches the bytes that a key reference names. */

import fs from 'node:fs';

import { concatBytes, utf8Of } from '../../base/bytes.ts';
import { ConfigError, InputError, messageOf, NotFoundError, RemoteError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Request } from '../../base/runtime.ts';
import { readFileCapped } from '../files/capped-file.ts';
import { parseKeyReference } from './key-reference.ts';

/** What key references may reach. */
export interface KeyContext {
  readonly request: Request;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
}

/** Throws KEY_REFERENCE_UNSUPPORTED, KEY_REFERENCE_MALFORMED, KEY_NOT_FOUND, KEY_UNREADABLE, KEY_FETCH_FAILED,
 *  INPUT_TOO_LARGE, and what `request` throws. */
export async function fetchKey(text: string, context: KeyContext): Promise<Uint8Array> {
  const reference = parseKeyReference(text);
  if (reference.kind === 'environment') {
    return fromEnvironment(reference.variable, context);
  }
  return reference.kind === 'url' ? fromUrl(reference.url, context) : fromFile(reference.path);
}

function fromEnvironment(variable: string, { environment }: KeyContext): Uint8Array {
  const value = Object.hasOwn(environment, variable) ? environment[variable] : undefined;
  if (value === undefined || value === '') {
    throw new NotFoundError('KEY_NOT_FOUND', `the environment variable ${variable} is not set`);
  }
  return utf8Of(value);
}

async function fromFile(path: string): Promise<Uint8Array> {
  try {
    // At once: each turn of the event loop would put off scrypt, which takes longest. Pipes may keep us waiting.
    return fs.statSync(path).isFile()
      ? readFileCapped(path, limits.keyFileBytes)
      : await readCapped(fs.createReadStream(path), path);
  } catch (cause) {
    if (cause instanceof InputError) {
      throw tooLarge(path);
    }
    throw cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
      ? new NotFoundError('KEY_NOT_FOUND', `there is no key file ${path}`, { cause })
      : new ConfigError('KEY_UNREADABLE', `cannot read the key file ${path}: ${messageOf(cause)}`, { cause });
  }
}

async function fromUrl(url: URL, { request, signal }: KeyContext): Promise<Uint8Array> {
  const response = await request({
    method: 'GET',
    url,
    idleTimeoutMs: limits.idleMs,
    ...(signal === undefined ? {} : { signal }),
  });
  const shown = `${url.origin}${url.pathname}`;
  if (response.status !== 200) {
    // Breaking off frees the connection. Redirects are not followed: the user named where the key is.
    for await (const _ of response.body) {
      break;
    }
    throw new RemoteError('KEY_FETCH_FAILED', `${shown} answered ${response.status}, expected 200`, {
      status: response.status,
      url: shown,
    });
  }
  return readCapped(response.body, shown);
}

async function readCapped(chunks: AsyncIterable<Uint8Array>, what: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > limits.keyFileBytes) {
      throw tooLarge(what);
    }
    parts.push(chunk);
  }
  return concatBytes(parts);
}

function tooLarge(what: string): InputError {
  return new InputError('INPUT_TOO_LARGE', `${what}: more than ${limits.keyFileBytes} bytes, no key is that large`);
}
