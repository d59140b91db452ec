/** A transparency log with the API of Rekor v1: what its endpoints share. */

import type { Signer } from '../../crypto/signer.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import type { TileLog } from '../tiles/tile-log.ts';

/** One answer to a request for a new entry, for metrics. */
export interface EntryEvent {
  /** "hashedrekord"; "unknown" for what is none of the kinds that are taken. */
  readonly kind: string;
  /** `refused` is the sender's affair, `failed` the log's. */
  readonly outcome: 'added' | 'duplicate' | 'refused' | 'failed';
}

export interface Rekor {
  /** Of the kind that `rekorLogKind` makes with the same signer and tree. */
  readonly log: TileLog;
  /** Keeps attestations. */
  readonly objects: ObjectStore;
  readonly signer: Signer;
  /** 1 to 2^63-1. */
  readonly treeId: bigint;
  readonly onEntry?: (event: EntryEvent) => void;
}
