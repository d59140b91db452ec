/** What a log keeps of its entries beside their bundles: when each was added, and by what it is found. Never served; with
 *  it the index can be made again from objects alone. */

import { concatBytes, parseUtf8, utf8Of } from '../../base/bytes.ts';
import { CountersignError, InputError } from '../../base/errors.ts';
import { encodeFrames, parseFrames } from './framing.ts';

export interface EntrySide {
  readonly time: Date;
  /** 32 bytes. */
  readonly identity: Uint8Array;
  readonly keys: readonly string[];
}

const TIME_BYTES = 8;
const IDENTITY_BYTES = 32;
const HEAD_BYTES = TIME_BYTES + IDENTITY_BYTES;

/** One entry's part of a bundle; a bundle is one after the other. */
export function encodeSide({ time, identity, keys }: EntrySide): Uint8Array {
  const milliseconds = new Uint8Array(TIME_BYTES);
  new DataView(milliseconds.buffer).setBigUint64(0, BigInt(time.getTime()));
  return encodeFrames([concatBytes([milliseconds, identity, encodeFrames(keys.map(utf8Of))])]);
}

/** Cuts a bundle into the parts of its entries. Throws TILE_MALFORMED. */
export function cutSideBundle(bundle: Uint8Array): readonly Uint8Array[] {
  return parseFrames(bundle);
}

/** Throws TILE_MALFORMED. */
export function parseSide(part: Uint8Array): EntrySide {
  if (part.length < HEAD_BYTES) {
    throw new InputError('TILE_MALFORMED', `the part of an entry of ${part.length} bytes, expected ${HEAD_BYTES}`);
  }
  const time = new Date(Number(new DataView(part.buffer, part.byteOffset).getBigUint64(0)));
  if (Number.isNaN(time.getTime())) {
    throw new InputError('TILE_MALFORMED', 'the time of an entry is none');
  }
  return {
    time,
    identity: part.subarray(TIME_BYTES, HEAD_BYTES),
    keys: parseFrames(part.subarray(HEAD_BYTES)).map(textOf),
  };
}

function textOf(bytes: Uint8Array): string {
  try {
    return parseUtf8(bytes);
  } catch (cause) {
    throw cause instanceof CountersignError ? new InputError('TILE_MALFORMED', cause.message, { cause }) : cause;
  }
}
