/** A real, small OCI registry on the file system. @source OCI distribution-spec 1.1 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { resolve } from 'node:path';

import { printableOf } from '../../base/printable.ts';
import type { Log } from '../../base/runtime.ts';
import type { FileLock } from '../../clients/files/file-lock.ts';
import { startServer } from '../../serve/server.ts';
import type { ListenAddress, RunningServer, TlsIdentity } from '../../serve/server.ts';
import { openDataLock } from './data-lock.ts';
import { makeDirectory } from './durable-file.ts';
import { methodsOf } from './endpoints.ts';
import { RegistryProblem, sendProblem } from './problem.ts';
import { openRegistry } from './registry.ts';
import type { Registry } from './registry.ts';
import { parseTarget } from './route.ts';

export interface EmbeddedRegistryOptions {
  /** Made when it is not there. One process at a time. */
  readonly dataDir: string;
  readonly listen: ListenAddress;
  readonly tls?: TlsIdentity;
  /** Whether DELETE of manifests, tags and blobs is served. Default true. */
  readonly isDeleteAllowed?: boolean;
  /** Whether the referrers API is served; without it clients keep the fallback tag. Default true. */
  readonly isReferrersApiEnabled?: boolean;
  readonly log: Log;
}

/** Starts the registry; `close` stops it and frees the directory.
 *  Throws DATA_DIR_LOCKED, LISTEN_FAILED, SERVER_TLS_INVALID, or the file system's error. */
export async function startEmbeddedRegistry(options: EmbeddedRegistryOptions): Promise<RunningServer> {
  const dataDir = resolve(options.dataDir);
  await makeDirectory(dataDir);
  const lock = openDataLock(dataDir);
  try {
    const registry = await openRegistry(dataDir, {
      isDeleteAllowed: options.isDeleteAllowed ?? true,
      isReferrersApiEnabled: options.isReferrersApiEnabled ?? true,
    });
    const server = await startServer({
      listen: options.listen,
      ...(options.tls === undefined ? {} : { tls: options.tls }),
      handle: (request, response) => handle(registry, options.log, request, response),
      answerError: (error, request, response) => sendProblem(error, request, response, options.log),
    });
    return { ...server, close: () => stop(server, registry, lock) };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function stop(server: RunningServer, registry: Registry, lock: FileLock): Promise<void> {
  try {
    await server.close();
    await registry.uploads.close();
  } finally {
    lock.release();
  }
}

async function handle(registry: Registry, log: Log, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const target = parseTarget(request.url ?? '');
  const methods = target === undefined ? undefined : methodsOf(registry, target.route);
  if (target === undefined || methods === undefined) {
    throw new RegistryProblem('UNSUPPORTED', 'nothing is served here', {}, 404);
  }
  const endpoint = methods[request.method ?? ''];
  if (endpoint === undefined) {
    const allow = Object.keys(methods).join(', ');
    throw new RegistryProblem('UNSUPPORTED', `${request.method} is not served here`, { Allow: allow });
  }
  log.debug(`registry: ${printableOf(`${request.method} ${request.url}`)}`);
  await endpoint(registry, target.route, request, response, target.query);
}
