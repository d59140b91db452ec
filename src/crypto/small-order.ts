/** Ed25519 keys that verify signatures nobody made. */

import { hexOf } from '../base/bytes.ts';

/** The y coordinates of the eight points whose order divides the cofactor, little-endian, and the two spellings of
 *  them that are not reduced. @source Cremers, Jackson, "Prime, Order Please!", table 5; RFC 7748 section 7 */
const SMALL_ORDER_Y: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

/** Whether an encoded Ed25519 point (32 bytes) has small order; the sign of x makes no difference. */
export function isSmallOrderPoint(point: Uint8Array): boolean {
  return SMALL_ORDER_Y.has(hexOf(point.map((byte, index) => (index === point.length - 1 ? byte & 0x7f : byte))));
}
