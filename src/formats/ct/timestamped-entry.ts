/** What a certificate transparency log puts into its tree, and signs, about one certificate: the two differ only in name.
 *  @source RFC 6962 sections 3.2 and 3.4; c2sp.org/static-ct-api, SCT Extension */

import { concatBytes } from '../../base/bytes.ts';
import { bigEndianOf, vectorOf } from './tls-writer.ts';

/** LogEntryType: a certificate as it was issued, or what it was before the log's timestamp was put into it. */
export const entryTypes = { x509: 0, precert: 1 } as const;

export type EntryKind = keyof typeof entryTypes;

export interface NewEntry {
  readonly kind: EntryKind;
  /** The certificate with its length, or what `precertificateEntryOf` makes. */
  readonly signedEntry: Uint8Array;
  readonly timestamp: Date;
  /** Place in the log, below 2^40. */
  readonly index: bigint;
}

const LEAF_INDEX = 0;
/** Version 1, and timestamped_entry in a leaf or certificate_timestamp under a signature. */
const PREFIX = Uint8Array.of(0, 0);

/** A TimestampedEntry whose extensions name the place in the log. */
export function encodeTimestampedEntry({ kind, signedEntry, timestamp, index }: NewEntry): Uint8Array {
  return concatBytes([
    bigEndianOf(timestamp.getTime(), 8),
    bigEndianOf(entryTypes[kind], 2),
    signedEntry,
    vectorOf(2, leafIndexExtensionOf(index)),
  ]);
}

/** The MerkleTreeLeaf around a TimestampedEntry, which is also what a certificate's timestamp signs. */
export function merkleTreeLeafOf(timestampedEntry: Uint8Array): Uint8Array {
  return concatBytes([PREFIX, timestampedEntry]);
}

/** Five octets, so that who holds the timestamp can look the entry up without searching. @internal for its tests */
export function leafIndexExtensionOf(index: bigint): Uint8Array {
  return concatBytes([Uint8Array.of(LEAF_INDEX), vectorOf(2, bigEndianOf(Number(index), 5))]);
}
