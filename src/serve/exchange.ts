/** Reading request bodies and writing answers. */

import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';

import { concatBytes, utf8Of } from '../base/bytes.ts';
import { InputError } from '../base/errors.ts';
import type { ByteRange } from './byte-range.ts';

export type Headers = Readonly<Record<string, string | number>>;

/** The whole body. Throws INPUT_TOO_LARGE, what `onBytes` throws when it hears of the next part, or the connection's error
 *  when the client breaks off. */
export async function readBody(
  request: IncomingMessage,
  what: string,
  maxBytes: number,
  onBytes?: (count: number) => void,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  await readChunks(request, what, maxBytes, (chunk) => {
    onBytes?.(chunk.length);
    chunks.push(chunk);
  });
  return concatBytes(chunks);
}

/** The body chunk by chunk, the next one read when `take` is done. Throws as `readBody`. */
export async function readChunks(
  request: IncomingMessage,
  what: string,
  maxBytes: number,
  take: (chunk: Uint8Array) => Promise<void> | void,
): Promise<void> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
    throw tooLarge(what, maxBytes);
  }
  let total = 0;
  // Leaving the loop must not cut the connection: the client is owed an answer that says why.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    total += chunk.length;
    if (total > maxBytes) {
      throw tooLarge(what, maxBytes);
    }
    await take(chunk);
  }
}

export function sendEmpty(response: ServerResponse, status: number, headers: Headers): void {
  // A 204 has no length; everything else says 0, so that clients need not wait for the end of the connection.
  response.writeHead(status, status === 204 ? headers : { ...headers, 'Content-Length': 0 });
  response.end();
}

/** Also answers HEAD: node:http then sends the headers alone. */
export function sendBytes(response: ServerResponse, status: number, headers: Headers, bytes: Uint8Array): void {
  response.writeHead(status, { ...headers, 'Content-Length': bytes.length });
  response.end(bytes);
}

export function sendJson(response: ServerResponse, status: number, headers: Headers, value: unknown): void {
  sendBytes(response, status, { 'Content-Type': 'application/json', ...headers }, utf8Of(JSON.stringify(value)));
}

/** Streams a part of a file with constant memory. Throws when the file cannot be read or the client breaks off. */
export async function sendFile(
  response: ServerResponse,
  status: number,
  headers: Headers,
  path: string,
  range: ByteRange,
): Promise<void> {
  const file = createReadStream(path, { start: range.first, end: range.last, highWaterMark: 256 * 1024 });
  response.writeHead(status, { ...headers, 'Content-Length': range.last - range.first + 1 });
  await pipeline(file, response);
}

function tooLarge(what: string, maxBytes: number): InputError {
  return new InputError('INPUT_TOO_LARGE', `${what}: more than ${maxBytes} bytes`);
}
