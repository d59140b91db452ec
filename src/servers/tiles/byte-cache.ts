/** What was read lately, up to a number of bytes. */

export interface Cached<Value> {
  readonly value: Value;
  readonly bytes: number;
}

/** Returns what it holds for the key, or loads it, once for all who ask meanwhile; what was used least lately makes room.
 *  A load that fails is not kept. */
export type ByteCache<Value> = (key: string, load: () => Promise<Cached<Value>>) => Promise<Value>;

export function createByteCache<Value>(maxBytes: number): ByteCache<Value> {
  // A map keeps the order in which keys were set: the first is the one used least lately.
  const held = new Map<string, Cached<Value>>();
  const loading = new Map<string, Promise<Cached<Value>>>();
  let bytes = 0;
  const loadOnce = (key: string, load: () => Promise<Cached<Value>>): Promise<Cached<Value>> => {
    const started = loading.get(key) ?? load().finally(() => loading.delete(key));
    loading.set(key, started);
    return started;
  };
  const drop = (key: string): void => {
    bytes -= held.get(key)?.bytes ?? 0;
    held.delete(key);
  };
  return async (key, load) => {
    const loaded = held.get(key) ?? (await loadOnce(key, load));
    drop(key);
    held.set(key, loaded);
    bytes += loaded.bytes;
    for (const [oldest] of held) {
      if (bytes <= maxBytes) break;
      drop(oldest);
    }
    return loaded.value;
  };
}
