/** A runtime for as long as it is needed. */

import type { Runtime } from '../base/runtime.ts';
import { openSessionRuntime } from './runtime.ts';
import type { Session } from './session.ts';

/** Closes the connections when `use` has ended, well or not. */
export async function withRuntime<T>(session: Session, use: (runtime: Runtime) => Promise<T>): Promise<T> {
  const { runtime, close } = openSessionRuntime(session);
  try {
    return await use(runtime);
  } finally {
    close();
  }
}
