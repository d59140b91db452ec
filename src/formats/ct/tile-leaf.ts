/** Entries of a certificate transparency log as its tiles hold them, one after the other without a frame.
 *  @source c2sp.org/static-ct-api, Log Entries */

import { concatBytes } from '../../base/bytes.ts';
import { InputError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { entryTypes } from './timestamped-entry.ts';
import type { EntryKind } from './timestamped-entry.ts';
import { TlsReader } from './tls-reader.ts';
import { vectorOf } from './tls-writer.ts';

export interface TileLeaf {
  readonly kind: EntryKind;
  readonly timestamp: Date;
  /** Of the TimestampedEntry: CtExtensions without their length. */
  readonly extensions: Uint8Array;
  /** What is hashed and signed, but for its prefix. */
  readonly timestampedEntry: Uint8Array;
  /** DER, where the entry is of one. */
  readonly precertificate: Uint8Array | undefined;
  /** SHA-256 of each issuer's certificate, the leaf's issuer first. */
  readonly issuers: readonly Uint8Array[];
}

const ISSUER_HASH_BYTES = 32;

/** A TileLeaf. `precertificate` as it was submitted, for an entry of one. */
export function encodeTileLeaf(
  timestampedEntry: Uint8Array,
  precertificate: Uint8Array | undefined,
  issuers: readonly Uint8Array[],
): Uint8Array {
  return concatBytes([
    timestampedEntry,
    ...(precertificate === undefined ? [] : [vectorOf(3, precertificate)]),
    vectorOf(2, ...issuers),
  ]);
}

/** Reads one TileLeaf, which shares memory with the bytes. Throws LOG_ENTRY_MALFORMED. */
export function parseTileLeaf(bytes: Uint8Array): TileLeaf {
  const reader = new TlsReader(bytes, malformed);
  const leaf = readTileLeaf(reader, bytes);
  reader.end();
  return leaf;
}

/** Cuts a data tile into its TileLeafs. Throws LOG_ENTRY_MALFORMED. */
export function cutTileLeaves(tile: Uint8Array): readonly Uint8Array[] {
  const reader = new TlsReader(tile, malformed);
  const leaves: Uint8Array[] = [];
  while (!reader.isAtEnd) {
    const start = reader.position;
    readTileLeaf(reader, tile);
    leaves.push(tile.subarray(start, reader.position));
  }
  return leaves;
}

function readTileLeaf(reader: TlsReader, source: Uint8Array): TileLeaf {
  const start = reader.position;
  const timestamp = reader.instant();
  const type = reader.number(2);
  if (type !== entryTypes.x509 && type !== entryTypes.precert) throw malformed(`an entry of type ${type}`);
  const kind = type === entryTypes.x509 ? 'x509' : 'precert';
  // The certificate, or the issuer's key hash and the signed part of one.
  if (kind === 'precert') reader.bytes(ISSUER_HASH_BYTES);
  reader.vector(3);
  const extensions = reader.vector(2);
  const timestampedEntry = source.subarray(start, reader.position);
  const precertificate = kind === 'precert' ? reader.vector(3) : undefined;
  return { kind, timestamp, extensions, timestampedEntry, precertificate, issuers: readIssuers(reader.vector(2)) };
}

function readIssuers(bytes: Uint8Array): readonly Uint8Array[] {
  if (bytes.length > ISSUER_HASH_BYTES * limits.chainCertificates) throw malformed('too many issuers');
  const reader = new TlsReader(bytes, malformed);
  const issuers: Uint8Array[] = [];
  while (!reader.isAtEnd) issuers.push(reader.bytes(ISSUER_HASH_BYTES));
  return issuers;
}

function malformed(why: string): InputError {
  return new InputError('LOG_ENTRY_MALFORMED', `entry of a certificate transparency log: ${why}`);
}
