/** A real HTTP server before a registry that passes requests on and breaks the ones it is told to, on the wire. */
import type { ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';

import { registryRequest } from './registry-request.ts';
import type { RegistryAddress, RegistryAnswer } from './registry-request.ts';
import { reply, startScriptedServer } from './scripted-server.ts';
import type { ScriptedServer, SeenRequest } from './scripted-server.ts';

/** What happens to a request instead of its honest answer. */
export type WireFault = (response: ServerResponse, honest: RegistryAnswer) => void;

export interface FaultyProxy extends ScriptedServer {
  /** Breaks every request for which `matches` says so, until the next call; undefined heals all. */
  readonly break: (fault: WireFault | undefined, matches?: (request: SeenRequest) => boolean) => void;
}

const status =
  (code: number): WireFault =>
  (response) =>
    reply(response, code, { 'content-type': 'application/json' }, '{"errors":[{"code":"DENIED","message":"no"}]}');

const send =
  (
    change: (honest: RegistryAnswer) => {
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: Uint8Array;
    },
  ): WireFault =>
  (response, honest) => {
    const { headers = {}, body = honest.body } = change(honest);
    response.writeHead(honest.status, { ...keptHeaders(honest), ...headers, 'content-length': String(body.length) });
    response.end(body);
  };

/** By the name under which a test reports it. */
export const wireFaults: Readonly<Record<string, WireFault>> = {
  '401': status(401),
  '403': status(403),
  '429': status(429),
  '500': status(500),
  '503': status(503),
  'a cut before the answer': (response) => response.destroy(),
  'a cut in the answer': (response, honest) => {
    response.writeHead(honest.status, { ...keptHeaders(honest), 'content-length': String(honest.body.length + 1) });
    response.write(honest.body, () => response.destroy());
  },
  'a stall': () => undefined,
  'a page of HTML with 404': (response) =>
    reply(response, 404, { 'content-type': 'text/html' }, '<html>not found</html>'),
  'a truncated answer': send(({ body }) => ({ body: body.subarray(0, body.length - 2) })),
  'an oversized answer': send(({ body }) => ({ body: Buffer.concat([body, Buffer.alloc(17 * 1024 * 1024, ' ')]) })),
  'another digest': send(({ body }) => ({ body: Buffer.concat([body, Buffer.from('\n')]) })),
};

/** For manifests and lists only: blobs have no type of their own. */
export const manifestFaults: Readonly<Record<string, WireFault>> = {
  'a page of HTML': send(() => ({
    headers: { 'content-type': 'text/html' },
    body: Buffer.from('<html>sign in</html>'),
  })),
  'the type of an index': send(() => ({ headers: { 'content-type': 'application/vnd.oci.image.index.v1+json' } })),
  'the type of Docker': send(() => ({
    headers: { 'content-type': 'application/vnd.docker.distribution.manifest.v2+json' },
  })),
  'layers and manifests at once': send(({ body }) => ({
    body: Buffer.from(`${body.toString().slice(0, -1)},"manifests":[],"layers":[]}`),
  })),
};

export async function startFaultyProxy(t: TestContext, registry: RegistryAddress): Promise<FaultyProxy> {
  let rule: { readonly fault: WireFault; readonly matches: (request: SeenRequest) => boolean } | undefined;
  const server = await startScriptedServer(t, async (request, response) => {
    const honest = await registryRequest(registry, request.method, request.path, {
      headers: { accept: request.headers.accept ?? '*/*' },
    });
    if (rule?.matches(request)) {
      rule.fault(response, honest);
    } else {
      response.writeHead(honest.status, keptHeaders(honest)).end(honest.body);
    }
  });
  return {
    ...server,
    break: (fault, matches = () => true) => {
      rule = fault === undefined ? undefined : { fault, matches };
    },
  };
}

function keptHeaders({ headers }: RegistryAnswer): Record<string, string> {
  const kept = ['content-type', 'docker-content-digest', 'content-length'].map(
    (name) => [name, headers[name]] as const,
  );
  return Object.fromEntries(kept.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
