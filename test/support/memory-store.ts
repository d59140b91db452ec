/** An object store in memory, for tests of what is built on one. */

import { createHash } from 'node:crypto';

import { CountersignError } from '../../src/base/errors.ts';
import { limits } from '../../src/base/limits.ts';
import { requireKeyPrefix, requireObjectKey } from '../../src/storage/object-key.ts';
import type { ObjectStore } from '../../src/storage/object-store.ts';

export function createMemoryStore(): ObjectStore {
  const objects = new Map<string, Uint8Array>();
  return {
    read: async (key) => {
      requireObjectKey(key);
      const bytes = objects.get(key);
      return bytes && { bytes: Uint8Array.from(bytes), version: versionOf(bytes) };
    },
    create: async (created) => {
      created.forEach(({ key }) => requireObjectKey(key));
      for (const { key, bytes } of created) {
        const there = objects.get(key);
        if (there !== undefined && versionOf(there) !== versionOf(bytes)) throw conflict(key);
        objects.set(key, Uint8Array.from(bytes));
      }
    },
    replace: async (key, bytes, expected) => {
      requireObjectKey(key);
      const there = objects.get(key);
      if ((there && versionOf(there)) !== expected) throw conflict(key);
      objects.set(key, Uint8Array.from(bytes));
      return versionOf(bytes);
    },
    list: async (prefix) => {
      requireKeyPrefix(prefix);
      const keys = Array.from(objects.keys()).filter((key) => key.startsWith(prefix));
      return keys.toSorted().slice(0, limits.storeListing);
    },
    remove: async (keys) => {
      keys.forEach(requireObjectKey);
      keys.forEach((key) => objects.delete(key));
    },
  };
}

function versionOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function conflict(key: string): CountersignError {
  return new CountersignError('STORE_CONFLICT', `${key} holds other bytes`);
}
