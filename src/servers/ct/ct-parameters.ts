/** Query parameters of the certificate transparency API. @source RFC 6962 section 4 */

import { parseBase64 } from '../../base/bytes.ts';
import { InputError, isErrorWithCode } from '../../base/errors.ts';

const WHOLE_NUMBER = /^(?:0|[1-9]\d{0,17})$/;
const HASH_BYTES = 32;

/** A whole number from 0. Throws REQUEST_PARAMETER_MALFORMED. */
export function requireCount(url: URL, name: string): bigint {
  const text = requireParameter(url, name);
  if (!WHOLE_NUMBER.test(text)) throw malformed(name, 'a whole number from 0');
  return BigInt(text);
}

/** A SHA-256 hash in base64. Throws REQUEST_PARAMETER_MALFORMED. */
export function requireHash(url: URL, name: string): Uint8Array {
  // Clients that do not escape a plus sign send what reads as a space.
  const text = requireParameter(url, name).replaceAll(' ', '+');
  try {
    const hash = parseBase64(text);
    if (hash.length === HASH_BYTES) return hash;
  } catch (error) {
    if (!isErrorWithCode(error, 'BASE64_MALFORMED')) throw error;
  }
  throw malformed(name, 'the base64 of a SHA-256 hash');
}

function requireParameter({ searchParams }: URL, name: string): string {
  const [value, ...more] = searchParams.getAll(name);
  if (value === undefined || more.length > 0) throw malformed(name, 'given once');
  return value;
}

function malformed(name: string, expected: string): InputError {
  return new InputError('REQUEST_PARAMETER_MALFORMED', `the parameter ${name}: expected ${expected}`);
}
