/** The staging object: everything that a batch writes, durable in one write before the batch is in the log, so that after
 *  a crash it can be written again, byte for byte. */

import { hexOf, parseUtf8, utf8Of } from '../../base/bytes.ts';
import { InputError } from '../../base/errors.ts';
import { hashOf } from '../../crypto/hash.ts';
import type { NewObject } from '../../storage/object-store.ts';
import { encodeFrames, parseFrames } from './framing.ts';

export function encodeStaging(objects: readonly NewObject[]): Uint8Array {
  return encodeFrames(objects.flatMap(({ key, bytes }) => [utf8Of(key), bytes]));
}

/** Throws TILE_MALFORMED, TEXT_NOT_UTF8. */
export function parseStaging(staging: Uint8Array): readonly NewObject[] {
  const parts = parseFrames(staging);
  if (parts.length % 2 !== 0) {
    throw new InputError('TILE_MALFORMED', 'a key without an object');
  }
  return parts.flatMap((part, at) => {
    const bytes = parts[at + 1];
    return at % 2 === 0 && bytes !== undefined ? [{ key: parseUtf8(part), bytes }] : [];
  });
}

/** Names a staging object by what is in it: one that a crash left behind never stands in the way of another. */
export function stagingNameOf(size: bigint, staging: Uint8Array): string {
  return `${size}-${hexOf(hashOf('sha256', staging))}`;
}
