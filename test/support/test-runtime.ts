/** A runtime for tests: the real way to the network, waits that do not wait. */
import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';

import type { Runtime } from '../../src/base/runtime.ts';
import { openRequest } from '../../src/clients/http/request.ts';

export interface TestRuntime extends Runtime {
  /** What was waited for, in milliseconds. */
  readonly slept: readonly number[];
}

/** Its connections are closed when the test ends. */
export function createTestRuntime(t: TestContext, parts: Partial<Runtime> = {}): TestRuntime {
  const { request, close } = openRequest({ environment: {} });
  t.after(close);
  const slept: number[] = [];
  const ignore = (): void => undefined;
  return {
    request,
    now: () => new Date(),
    random: (byteCount) => randomBytes(byteCount),
    log: { note: ignore, warn: ignore, noteOnce: ignore, debug: ignore },
    signal: new AbortController().signal,
    sleep: async (ms) => {
      slept.push(ms);
    },
    ...parts,
    slept,
  };
}
