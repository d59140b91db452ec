/** An object store whose writes fail as those of a real one may. */

import { CountersignError } from '../../src/base/errors.ts';
import type { ObjectStore } from '../../src/storage/object-store.ts';

export interface Fault {
  /** Which write fails: 1 is the next one. `create`, `replace` and `remove` count. */
  readonly write: number;
  /** "lost-answer": it was applied and is reported as failed. "not-applied": nothing of it happened. "half-applied": of a
   *  `create` only the first half of the objects is there; of others nothing. */
  readonly effect: 'lost-answer' | 'not-applied' | 'half-applied';
  /** Whether the store is unusable afterwards, as when a flush failed. */
  readonly isFinal?: boolean;
}

export interface FaultyStore extends ObjectStore {
  /** How many writes were asked for. */
  readonly writes: () => number;
}

/** Throws STORE_FAILED where the fault says so. */
export function createFaultyStore(store: ObjectStore, fault: Fault): FaultyStore {
  let writes = 0;
  let isBroken = false;
  const failed = (): CountersignError => new CountersignError('STORE_FAILED', `write ${fault.write} was made to fail`);
  const requireSound = (): void => {
    if (isBroken) throw failed();
  };
  async function write<T>(whole: () => Promise<T>, half: () => Promise<unknown>): Promise<T> {
    requireSound();
    writes += 1;
    if (writes !== fault.write) return whole();
    isBroken = fault.isFinal === true;
    if (fault.effect === 'lost-answer') await whole();
    if (fault.effect === 'half-applied') await half();
    throw failed();
  }
  const nothing = async (): Promise<void> => undefined;
  return {
    read: async (key) => (requireSound(), store.read(key)),
    list: async (prefix) => (requireSound(), store.list(prefix)),
    create: (objects) =>
      write(
        () => store.create(objects),
        () => store.create(objects.slice(0, Math.ceil(objects.length / 2))),
      ),
    replace: (key, bytes, expected) => write(() => store.replace(key, bytes, expected), nothing),
    remove: (keys) => write(() => store.remove(keys), nothing),
    writes: () => writes,
  };
}
