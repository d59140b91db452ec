/** What a log keeps of its entries beside their bundles: when each was added, and by what it is found. Never served; with
 *  it the index can be made again from objects alone. None of it is in the tree, and not all of an entry need be: a digest
 *  over both tells bytes that changed on the disk from those that were written. */

import { concatBytes, isSameBytes, parseUtf8, utf8Of } from '../../base/bytes.ts';
import { CountersignError, InputError } from '../../base/errors.ts';
import { hashOf } from '../../crypto/hash.ts';
import { encodeFrames, parseFrames } from './framing.ts';

export interface EntrySide {
  readonly time: Date;
  /** 32 bytes. */
  readonly identity: Uint8Array;
  readonly keys: readonly string[];
}

/** Against accidents, not against an attacker: who can write here can write the digest too. */
const DIGEST_BYTES = 8;
const TIME_BYTES = 8;
const IDENTITY_BYTES = 32;
const HEAD_BYTES = TIME_BYTES + IDENTITY_BYTES;

/** One entry's part of a bundle; a bundle is one after the other. */
export function encodeSide({ time, identity, keys, entry }: EntrySide & { readonly entry: Uint8Array }): Uint8Array {
  const milliseconds = new Uint8Array(TIME_BYTES);
  new DataView(milliseconds.buffer).setBigUint64(0, BigInt(time.getTime()));
  const content = concatBytes([milliseconds, identity, encodeFrames(keys.map(utf8Of))]);
  return encodeFrames([concatBytes([digestOf(content, entry), content])]);
}

/** Cuts a bundle into the parts of its entries. Throws TILE_MALFORMED. */
export function cutSideBundle(bundle: Uint8Array): readonly Uint8Array[] {
  return parseFrames(bundle);
}

/** The part of this entry. Throws TILE_MALFORMED, also when one of the two is not what was written. */
export function parseSide(part: Uint8Array, entry: Uint8Array): EntrySide {
  const content = part.subarray(DIGEST_BYTES);
  if (content.length < HEAD_BYTES) {
    const least = DIGEST_BYTES + HEAD_BYTES;
    throw new InputError('TILE_MALFORMED', `the part of an entry of ${part.length} bytes, expected ${least}`);
  }
  if (!isSameBytes(part.subarray(0, DIGEST_BYTES), digestOf(content, entry))) {
    throw new InputError('TILE_MALFORMED', 'an entry, or what belongs to it, is not what was written');
  }
  const time = new Date(Number(new DataView(content.buffer, content.byteOffset).getBigUint64(0)));
  if (Number.isNaN(time.getTime())) {
    throw new InputError('TILE_MALFORMED', 'the time of an entry is none');
  }
  return {
    time,
    identity: content.subarray(TIME_BYTES, HEAD_BYTES),
    keys: parseFrames(content.subarray(HEAD_BYTES)).map(textOf),
  };
}

function digestOf(content: Uint8Array, entry: Uint8Array): Uint8Array {
  return hashOf('sha256', concatBytes([content, entry])).subarray(0, DIGEST_BYTES);
}

function textOf(bytes: Uint8Array): string {
  try {
    return parseUtf8(bytes);
  } catch (cause) {
    throw cause instanceof CountersignError ? new InputError('TILE_MALFORMED', cause.message, { cause }) : cause;
  }
}
