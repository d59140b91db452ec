/** The one engine under every log: a Merkle tree kept as tiles, grown in batches, never forked.
 *  @source c2sp.org/tlog-tiles, RFC 6962 section 2.1 */

import type { IndexSearch } from '../../storage/index-database.ts';

export interface TreeHead {
  readonly size: bigint;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** When it was signed; never goes backwards. */
  readonly time: Date;
  /** The signed note that says so. */
  readonly checkpoint: string;
}

/** An entry as it is written down once its place and time are known. */
export interface LogRecord {
  /** What is hashed into the tree (RFC 6962 puts a zero byte before it). */
  readonly leaf: Uint8Array;
  /** The entry as it stands in bundles, without a frame: at most `limits.logEntryBytes`. */
  readonly entry: Uint8Array;
  /** What it is found by. */
  readonly keys: readonly string[];
}

/** What a log is asked to add. */
export interface Submission {
  /** 32 bytes, the same for entries that count as the same. */
  readonly identity: Uint8Array;
  /** Must give the same bytes whenever it is called with the same arguments. */
  readonly recordAt: (index: bigint, time: Date) => LogRecord;
}

/** An entry that is in the tree, under a published checkpoint. */
export interface LoggedEntry {
  readonly index: bigint;
  /** When it was given its place, whole milliseconds. */
  readonly time: Date;
  readonly entry: Uint8Array;
}

export interface AddedEntry extends LoggedEntry {
  /** It was there already; nothing was added. */
  readonly isDuplicate: boolean;
}

/** What one kind of log has of its own. */
export interface LogKind {
  /** Folder in the object store and name in the index: "rekor", "ctlog". */
  readonly name: string;
  /** Folder of its bundles under "tile/". */
  readonly bundleFolder: 'entries' | 'data';
  /** Frames an entry for a bundle, or cuts a bundle into its entries. */
  readonly frame: (entry: Uint8Array) => Uint8Array;
  readonly cut: (bundle: Uint8Array) => readonly Uint8Array[];
  /** What is hashed for a stored entry: rebuilt to check the tree from its tiles. */
  readonly leafOf: (entry: Uint8Array) => Uint8Array;
  /** Signs the head and returns the note. */
  readonly signHead: (head: Omit<TreeHead, 'checkpoint'>) => Promise<string>;
}

export interface TileLog {
  readonly kind: LogKind;
  /** The newest published head. */
  readonly head: () => TreeHead;
  /** Resolves when the entry, its tiles and a checkpoint over it are durable and published, and the index knows it.
   *  Throws LOG_BUSY (too many wait; the caller may come again), LOG_READ_ONLY with the reason, INPUT_TOO_LARGE. */
  readonly add: (submission: Submission) => Promise<AddedEntry>;
  /** Throws LOG_ENTRY_ABSENT. */
  readonly read: (index: bigint) => Promise<LoggedEntry>;
  /** A page of entries, as many as are quick to give, at least one. Throws LOG_ENTRY_ABSENT. */
  readonly readFrom: (index: bigint, most: number) => Promise<readonly LoggedEntry[]>;
  /** The hash of the entry's leaf (32 bytes), from the tree: quicker than the entry. Throws LOG_ENTRY_ABSENT. */
  readonly leafHash: (index: bigint) => Promise<Uint8Array>;
  readonly find: (identity: Uint8Array) => Promise<bigint | undefined>;
  readonly search: (search: IndexSearch) => Promise<readonly bigint[]>;
  /** Hashes from the leaf upwards, in the tree of this size. Throws LOG_SIZE_UNKNOWN beyond the published size. */
  readonly inclusionProof: (index: bigint, size: bigint) => Promise<readonly Uint8Array[]>;
  /** Throws LOG_SIZE_UNKNOWN. */
  readonly consistencyProof: (first: bigint, second: bigint) => Promise<readonly Uint8Array[]>;
  readonly rootAt: (size: bigint) => Promise<Uint8Array>;
  /** Why nothing can be added any more; undefined while all is well. */
  readonly trouble: () => string | undefined;
  /** Lets what is under way finish, then takes nothing more. */
  readonly close: () => Promise<void>;
}
