/** A real, small OCI registry on the file system. @source OCI distribution-spec 1.1 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { resolve } from 'node:path';

import { printableOf } from '../../base/printable.ts';
import type { Log } from '../../base/runtime.ts';
import { startServer } from '../../serve/server.ts';
import type { ListenAddress, RunningServer, TlsIdentity } from '../../serve/server.ts';
import { openDataLock } from './data-lock.ts';
import { makeDirectory } from '../../storage/durable-file.ts';
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

/** A registry without a server of its own. */
export interface MountedRegistry {
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** Answers for what `handle` threw. */
  readonly answerError: (error: unknown, request: IncomingMessage, response: ServerResponse) => void;
  /** Frees the directory. */
  readonly close: () => Promise<void>;
}

/** Starts the registry; `close` stops it and frees the directory.
 *  Throws DATA_DIR_LOCKED, LISTEN_FAILED, SERVER_TLS_INVALID, or the file system's error. */
export async function startEmbeddedRegistry(options: EmbeddedRegistryOptions): Promise<RunningServer> {
  const { handle: onRequest, answerError, close } = await mountRegistry(options);
  try {
    const server = await startServer({
      listen: options.listen,
      ...(options.tls === undefined ? {} : { tls: options.tls }),
      handle: onRequest,
      answerError,
    });
    const stop = async (): Promise<void> => {
      try {
        await server.close();
      } finally {
        await close();
      }
    };
    return { ...server, close: stop };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Takes the directory and answers below "/v2/". Throws DATA_DIR_LOCKED, or the file system's error. */
export async function mountRegistry(
  options: Omit<EmbeddedRegistryOptions, 'listen' | 'tls'>,
): Promise<MountedRegistry> {
  const dataDir = resolve(options.dataDir);
  await makeDirectory(dataDir);
  const lock = openDataLock(dataDir);
  try {
    const registry = await openRegistry(dataDir, {
      isDeleteAllowed: options.isDeleteAllowed ?? true,
      isReferrersApiEnabled: options.isReferrersApiEnabled ?? true,
    });
    return {
      handle: (request, response) => handle(registry, options.log, request, response),
      answerError: (error, request, response) => sendProblem(error, request, response, options.log),
      close: () => registry.uploads.close().finally(lock.release),
    };
  } catch (error) {
    lock.release();
    throw error;
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
