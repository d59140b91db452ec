/** Stands before a registry, adds a fixed delay to every request and notes when each began and ended, so that the
 *  longest chain of requests that waited for one another can be counted: the sequential round trips. */

import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface DelayingProxy {
  /** "127.0.0.1:PORT". */
  readonly host: string;
  readonly requests: RequestSpan[];
  readonly close: () => void;
}

export interface RequestSpan {
  readonly line: string;
  readonly startMs: number;
  readonly endMs: number;
}

export async function openDelayingProxy(upstreamHost: string, delayMs: number): Promise<DelayingProxy> {
  const requests: RequestSpan[] = [];
  const [hostname, port] = upstreamHost.split(':');
  const server = createServer((incoming, outgoing) => {
    const startMs = performance.now();
    const line = `${incoming.method} ${incoming.url}`;
    outgoing.on('finish', () => requests.push({ line, startMs, endMs: performance.now() }));
    setTimeout(() => {
      const { method, url, headers } = incoming;
      const upstream = httpRequest({ hostname, port, method, path: url, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      upstream.on('error', () => outgoing.destroy());
      incoming.pipe(upstream);
    }, delayMs);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  return { host: `127.0.0.1:${address.port}`, requests, close: () => server.close() && server.closeAllConnections() };
}

/** The length of the longest chain in which each request began after the one before it had ended. */
export function sequentialRoundTripsOf(requests: readonly RequestSpan[]): number {
  const ordered = requests.toSorted((a, b) => a.startMs - b.startMs);
  const depth: number[] = [];
  for (const [index, span] of ordered.entries()) {
    const before = ordered.slice(0, index).map((other, at) => (other.endMs <= span.startMs ? (depth[at] ?? 0) : 0));
    depth.push(1 + Math.max(0, ...before));
  }
  return Math.max(0, ...depth);
}
