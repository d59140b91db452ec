/** Names of objects. */

import { InputError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';

/** Throws STORE_KEY_INVALID unless the text is segments [A-Za-z0-9._-]+ joined by "/", none of them "." or "..". */
export function requireObjectKey(key: string): void {
  if (key.length > limits.storeKeyCharacters || !key.split('/').every(isKeySegment)) {
    throw new InputError('STORE_KEY_INVALID', `not the key of an object: ${JSON.stringify(key.slice(0, 200))}`);
  }
}

/** Throws STORE_KEY_INVALID unless the text is a whole path of segments with "/" at the end, or empty for everything. */
export function requireKeyPrefix(prefix: string): void {
  if (prefix !== '') requireObjectKey(prefix.endsWith('/') ? prefix.slice(0, -1) : '');
}

/** 255 is what file systems take for one name. */
export function isKeySegment(text: string): boolean {
  return /^[A-Za-z0-9._-]{1,255}$/.test(text) && text !== '.' && text !== '..';
}
