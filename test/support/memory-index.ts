/** An index database in memory, for tests of what is built on one. */

import { CountersignError } from '../../src/base/errors.ts';
import type { IndexDatabase } from '../../src/storage/index-database.ts';

interface IndexedLog {
  size: bigint;
  readonly places: Map<string, bigint>;
  readonly keys: Map<bigint, ReadonlySet<string>>;
}

export function createMemoryIndex(): IndexDatabase {
  const logs = new Map<string, IndexedLog>();
  const logOf = (name: string): IndexedLog => {
    const log = logs.get(name) ?? { size: 0n, places: new Map(), keys: new Map() };
    logs.set(name, log);
    return log;
  };
  return {
    sizeOf: async (name) => logOf(name).size,
    append: async (name, from, entries) => {
      const log = logOf(name);
      if (from > log.size) throw new CountersignError('INDEX_GAP', `${name}: ${from} after ${log.size}`);
      for (const { identity, keys } of entries.slice(Number(log.size - from))) {
        const identityHex = Buffer.from(identity).toString('hex');
        if (!log.places.has(identityHex)) log.places.set(identityHex, log.size);
        log.keys.set(log.size, new Set(keys));
        log.size += 1n;
      }
    },
    find: async (name, identity) => logOf(name).places.get(Buffer.from(identity).toString('hex')),
    search: async (name, { keys, operator, limit }) => {
      if (keys.length === 0) return [];
      const found = Array.from(logOf(name).keys)
        .filter(([, own]) => (operator === 'or' ? keys.some((key) => own.has(key)) : keys.every((key) => own.has(key))))
        .map(([place]) => place);
      return found.slice(Math.max(0, found.length - limit));
    },
    close: async () => undefined,
  };
}
