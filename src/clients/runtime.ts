/** The real world as a `Runtime`. */

import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import type { Log, Runtime } from '../base/runtime.ts';
import type { Environment } from './http/proxy.ts';
import { openRequest } from './http/request.ts';

export interface RuntimeSettings {
  /** Where proxies and trusted certificates are named (HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE…): usually `process.env`. */
  readonly environment: Environment;
  /** Silent when left out. */
  readonly log?: Log;
  /** Ends everything under way. */
  readonly signal?: AbortSignal;
  /** When `signal` will abort, so that a registry's wish to wait longer fails at once. */
  readonly deadline?: Date;
}

export interface OpenRuntime {
  readonly runtime: Runtime;
  /** Frees the connections. */
  readonly close: () => void;
}

const silent: Log = { note: () => {}, warn: () => {}, noteOnce: () => {}, debug: () => {} };

/** Opens no connection yet. */
export function openRuntime(settings: RuntimeSettings): OpenRuntime {
  const { environment, log = silent, signal = new AbortController().signal, deadline } = settings;
  const { request, close } = openRequest({ environment });
  const runtime: Runtime = {
    request,
    now: () => new Date(),
    random: (byteCount) => new Uint8Array(randomBytes(byteCount)),
    log,
    signal,
    ...(deadline === undefined ? {} : { deadline }),
    sleep: async (ms) => {
      await delay(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
    },
  };
  return { runtime, close };
}
