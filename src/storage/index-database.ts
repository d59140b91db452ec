/** What is looked up in logs by other things than the place of an entry. Derived: whatever is here can be made again from
 *  the logs' objects, so a lost index is rebuilt, never believed. SQLite now; PostgreSQL is a second implementation. What
 *  every implementation must do is tested by index-database-suite.ts. */

export interface IndexedEntry {
  /** 32 bytes: the same for entries that count as the same. */
  readonly identity: Uint8Array;
  /** What the entry is found by: "sha256:…", "dev@example.com". Lower case; at most `limits.indexKeys`. */
  readonly keys: readonly string[];
}

export interface IndexSearch {
  readonly keys: readonly string[];
  /** Whether an entry must have one of the keys or all of them. */
  readonly operator: 'or' | 'and';
  /** At most so many, the newest. */
  readonly limit: number;
}

/** Every call throws INDEX_FAILED when the database cannot be read or written. */
export interface IndexDatabase {
  /** How many entries of the log, from its first, are in here. */
  readonly sizeOf: (log: string) => Promise<bigint>;
  /** Adds the entries that begin at this place in the log. Those that are here already are passed over; a gap throws
   *  INDEX_GAP. Durable when it resolves. An identity that is here keeps its first place. */
  readonly append: (log: string, from: bigint, entries: readonly IndexedEntry[]) => Promise<void>;
  /** The place of the entry with this identity; quick enough for each request. */
  readonly find: (log: string, identity: Uint8Array) => Promise<bigint | undefined>;
  /** Places in the log, ascending. Does not hold up `append` and `find`. */
  readonly search: (log: string, search: IndexSearch) => Promise<readonly bigint[]>;
  readonly close: () => Promise<void>;
}
