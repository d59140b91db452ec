/** Where logs and repositories keep their bytes: named objects, each written whole, with compare-and-swap for the few
 *  that change. A directory now; object storage is a second implementation. What every implementation must do is tested
 *  by object-store-suite.ts. */

export interface StoredObject {
  readonly bytes: Uint8Array;
  /** Names these bytes under this key: what `replace` compares. */
  readonly version: string;
}

export interface NewObject {
  /** Path of segments [A-Za-z0-9._-]+ joined by "/", none of them "." or "..". */
  readonly key: string;
  readonly bytes: Uint8Array;
}

/** Every write is durable when its promise resolves. A write that rejects may have been applied all the same (the answer
 *  was lost): callers find out by reading. Every call throws STORE_KEY_INVALID for what is no key, and STORE_FAILED when
 *  the store cannot be trusted any more (a flush to disk failed): then the process must end, for nobody knows what is on
 *  the disk. Writes throw STORE_FULL when there is no room; then nothing of them counts, and later ones may succeed. */
export interface ObjectStore {
  /** Undefined when there is none. Throws STORE_FAILED. */
  readonly read: (key: string) => Promise<StoredObject | undefined>;
  /** Writes objects that never change, together: all durable at the end, in no promised order. One that is there with the
   *  same bytes is fine; with others it throws STORE_CONFLICT. */
  readonly create: (objects: readonly NewObject[]) => Promise<void>;
  /** Compare-and-swap: writes when the object is still of this version (undefined: is not there), else throws
   *  STORE_CONFLICT. Returns the new version. */
  readonly replace: (key: string, bytes: Uint8Array, expected: string | undefined) => Promise<string>;
  /** Keys that begin with the prefix (a whole path of segments, ending in "/"; or nothing), sorted: the first
   *  `limits.storeListing`. */
  readonly list: (prefix: string) => Promise<readonly string[]>;
  /** Of keys that are not there nothing is heard. Not necessarily durable: only what may come back is removed. */
  readonly remove: (keys: readonly string[]) => Promise<void>;
}

/** A store for those who only look. */
export type ObjectReader = Pick<ObjectStore, 'read' | 'list'>;
