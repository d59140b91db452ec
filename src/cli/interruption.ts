/** The end of a run that comes from outside: Ctrl-C, a signal, the deadline. */

import { CountersignError, RemoteError } from '../base/errors.ts';
import type { Log } from '../base/runtime.ts';

export interface Interruption {
  /** Aborts with INTERRUPTED or REGISTRY_TIMEOUT. */
  readonly signal: AbortSignal;
  readonly deadline?: Date;
  /** As if the person had pressed Ctrl-C: a prompt in raw mode gets the key instead of the signal. */
  readonly interrupt: () => void;
  readonly close: () => void;
}

const INTERRUPTED_STATUS = 130;

/** The first SIGINT or SIGTERM lets what is under way stop cleanly, the second ends the process at once. */
export function openInterruption(timeoutMs: number | undefined, log: Log): Interruption {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) {
      process.exit(INTERRUPTED_STATUS);
    }
    log.debug('interrupted: stopping what is under way; once more ends at once');
    controller.abort(new CountersignError('INTERRUPTED', 'interrupted'));
  };
  const timer =
    timeoutMs === undefined ? undefined : setTimeout(() => controller.abort(timeoutError(timeoutMs)), timeoutMs);
  timer?.unref();
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  return {
    signal: controller.signal,
    ...(timeoutMs === undefined ? {} : { deadline: new Date(Date.now() + timeoutMs) }),
    interrupt,
    close: () => {
      clearTimeout(timer);
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    },
  };
}

/** Resolves when the run is to end: for servers, for which being stopped is a good end. */
export async function interruptionOf({
  interruption: { signal },
}: {
  readonly interruption: Pick<Interruption, 'signal'>;
}): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function timeoutError(timeoutMs: number): RemoteError {
  return new RemoteError('REGISTRY_TIMEOUT', `the command did not end within ${timeoutMs / 1000} seconds`);
}
