/** Sends bytes that no HTTP client sends, and reads what comes back. */

import { connect } from 'node:net';

export interface RawAnswer {
  /** Of the first answer; 0 when the connection ended without one. */
  readonly status: number;
  /** All that came, heads included. */
  readonly text: string;
  /** Whether the server ended the connection. */
  readonly isClosed: boolean;
}

/** Waits until the server ends the connection, or says nothing more for `quietMs`. */
export function sendRaw(url: string, request: string | Uint8Array, quietMs = 300): Promise<RawAnswer> {
  const { promise, resolve } = Promise.withResolvers<RawAnswer>();
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let text = '';
  const end = (isClosed: boolean): void => {
    clearTimeout(timer);
    socket.destroy();
    resolve({ status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1] ?? 0), text, isClosed });
  };
  let timer = setTimeout(end, 10_000, false);
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1');
    clearTimeout(timer);
    timer = setTimeout(end, quietMs, false);
  });
  socket.on('error', () => undefined);
  socket.on('close', () => end(true));
  socket.write(request);
  return promise;
}

/** A request as its parts: each header line as it is, "Host: localhost" unless told. */
export function rawRequest(
  method: string,
  path: string,
  lines: readonly string[] = ['Host: localhost'],
  body = '',
): string {
  return [`${method} ${path} HTTP/1.1`, ...lines, 'Connection: close', '', body].join('\r\n');
}
