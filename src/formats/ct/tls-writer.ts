/** Writes TLS presentation language. @source RFC 8446 section 3 */

import { concatBytes } from '../../base/bytes.ts';

/** A number from 0 to 2^53-1 in so many octets, the highest first. */
export function bigEndianOf(value: number, octets: number): Uint8Array {
  const bytes = new Uint8Array(octets);
  for (let at = octets - 1, rest = value; at >= 0; at -= 1, rest = Math.floor(rest / 256)) {
    bytes[at] = rest % 256;
  }
  return bytes;
}

/** All parts together, after their length in so many octets. Throws RangeError for more than fit. */
export function vectorOf(lengthOctets: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (length >= 256 ** lengthOctets) throw new RangeError(`${length} bytes in a vector of ${lengthOctets} octets`);
  return concatBytes([bigEndianOf(length, lengthOctets), ...parts]);
}
