/** Bytes and their text forms. The one file that touches the global `Buffer`: everything else sees `Uint8Array`. */

import { InputError } from './errors.ts';

const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The UTF-8 bytes of a text. */
export function utf8Of(text: string): Uint8Array {
  // A TextEncoder asks the system for memory each time.
  return viewOf(Buffer.from(text, 'utf8'));
}

/** The bytes that stand for the characters of a text, all below 256. */
export function latin1Of(text: string): Uint8Array {
  return viewOf(Buffer.from(text, 'latin1'));
}

/** Reads UTF-8 bytes; a byte order mark stays in the text. Throws TEXT_NOT_UTF8. */
export function parseUtf8(bytes: Uint8Array): string {
  try {
    return utf8Decoder.decode(bytes);
  } catch (cause) {
    throw new InputError('TEXT_NOT_UTF8', 'the bytes are not valid UTF-8', { cause });
  }
}

/** Standard base64 with padding. @source RFC 4648 section 4 */
export function base64Of(bytes: Uint8Array): string {
  return bufferOf(bytes).toString('base64');
}

/** Base64 of the url alphabet, without padding. @source RFC 4648 section 5 */
export function base64UrlOf(bytes: Uint8Array): string {
  return bufferOf(bytes).toString('base64url');
}

/** Reads standard, padded, canonical base64: no white space, no url alphabet, no stray trailing bits, so that two
 *  different texts never mean the same bytes. Throws BASE64_MALFORMED. @source RFC 4648 sections 3.5 and 4 */
export function parseBase64(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) {
    throw new InputError('BASE64_MALFORMED', 'expected canonical padded base64');
  }
  return viewOf(bytes);
}

/** Reads canonical base64 of the url alphabet without padding. Throws BASE64_MALFORMED. @source RFC 4648 section 5 */
export function parseBase64Url(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text) {
    throw new InputError('BASE64_MALFORMED', 'expected canonical base64 of the url alphabet, without padding');
  }
  return viewOf(bytes);
}

/** Lower-case hexadecimal. */
export function hexOf(bytes: Uint8Array): string {
  return bufferOf(bytes).toString('hex');
}

/** Reads lower- or upper-case hexadecimal of even length. Throws HEX_MALFORMED. */
export function parseHex(text: string): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) {
    throw new InputError('HEX_MALFORMED', 'expected an even number of hexadecimal digits');
  }
  return viewOf(Buffer.from(text, 'hex'));
}

/** One array of all parts in order. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  return viewOf(Buffer.concat(parts));
}

/** Whether both hold the same bytes. Not constant-time: for public values only. */
export function isSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function viewOf(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
