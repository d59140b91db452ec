/** What a certificate transparency log signs about its tree, in the form of 2013 and inside a checkpoint.
 *  @source RFC 6962 section 3.5; c2sp.org/static-ct-api, Checkpoints */

import { concatBytes } from '../../base/bytes.ts';
import { InputError } from '../../base/errors.ts';
import { TlsReader } from './tls-reader.ts';
import { bigEndianOf } from './tls-writer.ts';

export interface CtTreeHead {
  readonly size: bigint;
  /** 32 bytes. */
  readonly root: Uint8Array;
  readonly time: Date;
}

/** RFC6962NoteSignature: the time that a checkpoint's text has no place for, and the signature. */
export interface TreeHeadSignature {
  readonly time: Date;
  /** DigitallySigned. */
  readonly signature: Uint8Array;
}

/** Version 1, tree_hash. */
const PREFIX = Uint8Array.of(0, 1);

/** The bytes that the signature of a tree head covers. */
export function treeHeadBytesOf({ size, root, time }: CtTreeHead): Uint8Array {
  return concatBytes([PREFIX, bigEndianOf(time.getTime(), 8), bigEndianOf(Number(size), 8), root]);
}

/** Reads what stands in a checkpoint's signature line after the hint. Throws CHECKPOINT_MALFORMED. */
export function parseTreeHeadSignature(bytes: Uint8Array): TreeHeadSignature {
  const reader = new TlsReader(bytes, malformed);
  const time = reader.instant();
  const start = reader.position;
  reader.number(2);
  reader.vector(2);
  reader.end();
  return { time, signature: bytes.subarray(start) };
}

function malformed(why: string): InputError {
  return new InputError('CHECKPOINT_MALFORMED', `signature of a certificate transparency log: ${why}`);
}
