/** Claims as texts that may stand in a certificate. */

import { utf8Of } from '../../../base/bytes.ts';
import { InputError } from '../../../base/errors.ts';
import type { JsonObject, JsonValue } from '../../../base/json.ts';
import { limits } from '../../../base/limits.ts';

/** What ends or moves a text where it is read: NUL for C programs, line ends for logs, escapes for terminals. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** The text of a claim that must be there. Throws TOKEN_CLAIMS. */
export function requireClaim(claims: JsonObject, name: string): string {
  const value = claims[name];
  if (typeof value !== 'string' || value === '') throw unusable(name, 'is missing, or is no text');
  return requireText(value, name);
}

/** A claim as templates see it: numbers and booleans as texts; undefined where there is none. Throws TOKEN_CLAIMS. */
export function claimTextOf(claims: JsonObject, name: string): string | undefined {
  const value: JsonValue | undefined = Object.hasOwn(claims, name) ? claims[name] : undefined;
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return requireText(value, name);
  if (typeof value === 'boolean') return String(value);
  // A larger number was rounded when it was read, and would be somebody else's.
  if (typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER && !String(value).includes('e')) {
    return String(value);
  }
  throw unusable(name, 'is neither a text, nor a truth value, nor a number of ordinary size');
}

/** Passes a text without control characters and not longer than one extension may be. Throws TOKEN_CLAIMS. */
export function requireText(text: string, name: string): string {
  if (CONTROL.test(text) || !text.isWellFormed())
    throw unusable(name, 'holds control characters, or is no Unicode text');
  if (utf8Of(text).length > limits.certificateTextBytes) {
    throw unusable(name, `is longer than ${limits.certificateTextBytes} bytes`);
  }
  return text;
}

/** A TOKEN_CLAIMS error. */
export function unusable(name: string, why: string): InputError {
  return new InputError('TOKEN_CLAIMS', `the token cannot be used: ${JSON.stringify(name)} ${why}`);
}
