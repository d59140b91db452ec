/** Strict PEM: blocks and white space, nothing else. No explanatory text, no headers, no stray base64, so that every
 *  reader sees the same blocks. @source RFC 7468 */

import { base64Of, parseBase64, parseUtf8 } from '../base/bytes.ts';
import { InputError, isErrorWithCode } from '../base/errors.ts';
import { limits } from '../base/limits.ts';

export interface PemBlock {
  /** "PUBLIC KEY" of "-----BEGIN PUBLIC KEY-----". */
  readonly label: string;
  readonly bytes: Uint8Array;
}

const BEGIN = /^-----BEGIN ([A-Z0-9][A-Z0-9 ]{0,62})-----$/;

/** Reads one or more blocks. Throws PEM_MALFORMED, INPUT_TOO_LARGE. */
export function parsePemBlocks(text: Uint8Array | string): readonly PemBlock[] {
  if (text.length > limits.keyFileBytes) {
    throw new InputError('INPUT_TOO_LARGE', `PEM text: ${text.length} bytes, at most ${limits.keyFileBytes} are read`);
  }
  const lines = linesOf(text);
  const blocks: PemBlock[] = [];
  for (let at = 0; at < lines.length;) {
    const label = BEGIN.exec(lines[at] ?? '')?.[1];
    if (label === undefined) {
      throw malformed(blocks.length === 0 ? 'no "-----BEGIN …-----" line at the start' : 'text after the last block');
    }
    const end = lines.indexOf(`-----END ${label}-----`, at);
    if (end === -1) {
      throw malformed(`the block ${label} has no end line`);
    }
    blocks.push({ label, bytes: bodyOf(lines.slice(at + 1, end), label) });
    at = end + 1;
  }
  if (blocks.length === 0) {
    throw malformed('the text is empty');
  }
  return blocks;
}

/** Reads exactly one block. Throws PEM_MALFORMED, INPUT_TOO_LARGE. */
export function parsePem(text: Uint8Array | string): PemBlock {
  const [block, ...more] = parsePemBlocks(text);
  if (block === undefined || more.length > 0) {
    throw malformed(`expected one block, found ${more.length + 1}`);
  }
  return block;
}

/** Lines of 64 characters, ending in a line feed, as OpenSSL and Go write them. */
export function encodePem(block: PemBlock): string {
  const lines = base64Of(block.bytes).match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${block.label}-----`, ...lines, `-----END ${block.label}-----`, ''].join('\n');
}

function linesOf(text: Uint8Array | string): readonly string[] {
  try {
    return (typeof text === 'string' ? text : parseUtf8(text))
      .replaceAll('\r', '\n')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  } catch (cause) {
    throw isErrorWithCode(cause, 'TEXT_NOT_UTF8') ? malformed('the bytes are not text') : cause;
  }
}

function bodyOf(lines: readonly string[], label: string): Uint8Array {
  const body = lines.join('');
  if (body.includes(':')) {
    throw malformed(
      `the block ${label} has header lines (an old form of encryption): convert it with "openssl pkcs8 -topk8"`,
    );
  }
  try {
    return parseBase64(body);
  } catch (cause) {
    throw isErrorWithCode(cause, 'BASE64_MALFORMED') ? malformed(`the block ${label} is not canonical base64`) : cause;
  }
}

function malformed(why: string): InputError {
  return new InputError('PEM_MALFORMED', `PEM text: ${why}`);
}
