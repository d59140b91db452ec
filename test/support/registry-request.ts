/** One plain request to a registry: independent of our own client, which is what the tests are about. */
import { readFileSync } from 'node:fs';
import { request as requestHttp } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';

export interface RegistryAddress {
  /** Host and port. */
  readonly host: string;
  readonly scheme: 'http' | 'https';
  /** PEM file to trust when `scheme` is https. */
  readonly caFile?: string;
  readonly username?: string;
  readonly password?: string;
}

export interface RegistryAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface RegistryContent {
  readonly body?: Uint8Array | string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends one request with the registry's password, if it has one. `path` starts with a slash; a whole URL, such as a
 *  Location, is taken too. Follows nothing; throws when no whole answer came within 10 s. */
export function registryRequest(
  registry: RegistryAddress,
  method: string,
  path: string,
  content: RegistryContent = {},
): Promise<RegistryAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<RegistryAnswer>();
  const body = Buffer.from(content.body ?? '');
  const request = (registry.scheme === 'https' ? requestHttps : requestHttp)(
    new URL(path, `${registry.scheme}://${registry.host}`),
    {
      method,
      agent: false,
      signal: AbortSignal.timeout(10_000),
      headers: { ...lengthOf(method, body), ...content.headers },
      ...(registry.caFile === undefined ? {} : { ca: readFileSync(registry.caFile) }),
      ...(registry.username === undefined ? {} : { auth: `${registry.username}:${registry.password ?? ''}` }),
    },
    (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    },
  );
  request.on('error', reject);
  request.end(body);
  return promise;
}

function lengthOf(method: string, body: Buffer): Record<string, string> {
  return method === 'GET' || method === 'HEAD' ? {} : { 'content-length': `${body.length}` };
}
