/** How users name keys. @source sigstore/cosign doc, "Key References" */

import { InputError, UsageError } from '../../base/errors.ts';

export type KeyReference =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'environment'; readonly variable: string }
  | { readonly kind: 'url'; readonly url: URL };

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
const PKCS11 = /^pkcs11:/i;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Reads a path, `env://VARIABLE` or an address. Plain HTTP only to loopback: whoever can change a key on its way
 *  decides what verifies. Throws KEY_REFERENCE_UNSUPPORTED, KEY_REFERENCE_MALFORMED. */
export function parseKeyReference(text: string): KeyReference {
  const scheme = PKCS11.test(text) ? 'pkcs11' : SCHEME.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    return text === '' ? fail('it is empty') : { kind: 'file', path: text };
  }
  if (scheme === 'env') {
    const variable = text.slice('env://'.length);
    return variable === '' ? fail('env:// names no variable') : { kind: 'environment', variable };
  }
  if (scheme === 'http' || scheme === 'https') {
    return { kind: 'url', url: parseKeyUrl(text) };
  }
  throw new UsageError('KEY_REFERENCE_UNSUPPORTED', `keys in ${scheme}: are not supported by this version`);
}

function parseKeyUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : fail('the address is malformed');
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname)) {
    return fail(`${url.origin} is plain HTTP: a key must come over https`);
  }
  return url.username === '' && url.password === '' ? url : fail('the address holds credentials');
}

function fail(why: string): never {
  throw new InputError('KEY_REFERENCE_MALFORMED', `key reference: ${why}`);
}
