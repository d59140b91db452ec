/** Lists of byte strings as one: each with its length before it. For what is stored and read by this folder alone. */

import { concatBytes } from '../../base/bytes.ts';
import { InputError } from '../../base/errors.ts';

const LENGTH_BYTES = 4;

export function encodeFrames(parts: readonly Uint8Array[]): Uint8Array {
  return concatBytes(parts.flatMap((part) => [lengthOf(part), part]));
}

/** Views of the parts. Throws TILE_MALFORMED. */
export function parseFrames(bytes: Uint8Array): readonly Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const start = at + LENGTH_BYTES;
    const end = start <= bytes.length ? start + view.getUint32(at) : Infinity;
    if (end > bytes.length) {
      throw new InputError('TILE_MALFORMED', `cut off at byte ${at}`);
    }
    parts.push(bytes.subarray(start, end));
    at = end;
  }
  return parts;
}

function lengthOf(part: Uint8Array): Uint8Array {
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setUint32(0, part.length);
  return length;
}
