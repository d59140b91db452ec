/** Asking again. */

import { RemoteError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Runtime } from '../../base/runtime.ts';

/** Told of a failure, waits until it is time to try again, or throws the failure. */
export type Retries = (failure: unknown) => Promise<void>;

/** Counts the failures of one piece of work: it throws those that are for good, and the one after which there were
 *  `limits.requestTries`. A wait that the registry demands is kept to; one that would pass the deadline is not begun. */
export function openRetries(runtime: Runtime): Retries {
  let tries = 0;
  return async (failure) => {
    tries += 1;
    if (tries >= limits.requestTries || !(failure instanceof RemoteError) || !failure.retryable) {
      throw failure;
    }
    const waitMs = Math.max(failure.retryAfterMs ?? 0, delayMsOf(tries, runtime));
    if (waitMs > timeLeftMs(runtime)) {
      throw failure.code === 'REGISTRY_THROTTLED' ? tooLong(failure, waitMs) : failure;
    }
    runtime.log.debug(`${failure.message}; trying again in ${Math.round(waitMs)} ms`);
    await runtime.sleep(waitMs);
  };
}

/** Runs something that may be repeated without harm until it succeeds. Throws the last failure. */
export async function withRetries<T>(retries: Retries, run: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await run();
    } catch (failure) {
      await retries(failure);
    }
  }
}

/** Doubles each time; between half and all of it, so that many clients do not come back at once. */
function delayMsOf(tries: number, runtime: Runtime): number {
  const [byte = 0] = runtime.random(1);
  return limits.retryDelayMs * 2 ** (tries - 1) * (0.5 + byte / 512);
}

function timeLeftMs(runtime: Runtime): number {
  const { deadline } = runtime;
  return deadline === undefined ? limits.retryAfterMs : deadline.getTime() - runtime.now().getTime();
}

function tooLong(error: RemoteError, waitMs: number): RemoteError {
  const seconds = Math.ceil(waitMs / 1000);
  return new RemoteError(
    'REGISTRY_THROTTLED',
    `${error.message}; it wants to be left alone for ${seconds} s, which is more than the time there is`,
    {
      cause: error,
      details: { ...error.details, retryAfterSeconds: seconds },
      retryAfterMs: waitMs,
      ...(error.status !== undefined && { status: error.status }),
      ...(error.url !== undefined && { url: error.url }),
    },
  );
}
