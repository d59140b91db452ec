/** A real HTTP server on loopback that answers what a test says and remembers what it was asked. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface ScriptedServer {
  /** "127.0.0.1:PORT". */
  readonly host: string;
  readonly port: number;
  /** In the order in which they came. */
  readonly seen: readonly SeenRequest[];
  /** "GET /v2/": methods and paths alone. */
  readonly asked: () => string[];
}

export type Script = (request: SeenRequest, response: ServerResponse) => unknown;

/** Listens on a free port until the test ends. The script gets each request once its body has come whole. */
export async function startScriptedServer(
  t: TestContext,
  script: Script,
  tls?: ServerOptions,
): Promise<ScriptedServer> {
  const seen: SeenRequest[] = [];
  const listener = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    const { method = '', url: path = '', headers } = request;
    const isWhole = await once(request, 'end').then(
      () => true,
      () => false,
    );
    const entry: SeenRequest = { method, path, headers, body: Buffer.concat(chunks) };
    seen.push(entry);
    if (isWhole) await script(entry, response);
  };
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => void listener(request, response);
  const server = tls === undefined ? createServer(onRequest) : createTlsServer(tls, onRequest);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { host: `127.0.0.1:${port}`, port, seen, asked: () => seen.map(({ method, path }) => `${method} ${path}`) };
}

/** Answers and ends. */
export function reply(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body: string | Uint8Array = '',
): void {
  response.writeHead(status, headers).end(body);
}
