/** Serial numbers. @source RFC 5280 section 4.1.2.2, CA/Browser Forum Baseline Requirements section 7.1 */

const SERIAL_NUMBER_BYTES = 20;

/** 20 random bytes that are a positive number, of 158 random bits. */
export function createSerialNumber(random: (byteCount: number) => Uint8Array): Uint8Array {
  const [first = 0, ...rest] = random(SERIAL_NUMBER_BYTES);
  return Uint8Array.of((first & 0x7f) | 0x40, ...rest);
}
