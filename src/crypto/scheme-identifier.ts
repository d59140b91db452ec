/** Which scheme an X.509 AlgorithmIdentifier names, and back. */

import { isSameBytes, parseHex } from '../base/bytes.ts';
import { InputError } from '../base/errors.ts';
import { countOf, oidOf } from './der-values.ts';
import { nullValue, oid as oidElement, sequence } from './der-writer.ts';
import { cursorOf, encodedOf, parseDer } from './der.ts';
import type { DerElement } from './der.ts';
import type { HashName } from './hash.ts';
import { schemes } from './key-algorithm.ts';
import type { Scheme } from './key-algorithm.ts';
import type { PublicKey } from './public-key.ts';

const HASH_BY_ECDSA: Readonly<Record<string, HashName>> = {
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
};
const HASH_BY_RSA_PKCS1: Readonly<Record<string, HashName>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
};
const RSA_PSS = '1.2.840.113549.1.1.10';
const MGF1 = '1.2.840.113549.1.1.8';
const ED25519 = '1.3.101.112';
const HASH_BY_OID: Readonly<Record<string, HashName>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};
const SALT_BYTES: Readonly<Record<HashName, number>> = { sha256: 32, sha384: 48, sha512: 64 };
const NULL = parseHex('0500');

/** The scheme that this AlgorithmIdentifier (DER) names for signatures of this key. ECDSA and Ed25519 have no parameters,
 *  RSA has NULL, and RSA-PSS one hash for message and mask and a salt of its length.
 *  Throws DER_MALFORMED, and KEY_UNSUPPORTED for what is not accepted or does not fit the key.
 *  @source RFC 5758 section 3.2, RFC 8410 section 3, RFC 4055 sections 3.1 and 5 */
export function schemeOfAlgorithmIdentifier(der: Uint8Array, key: PublicKey): Scheme {
  const identifier = cursorOf(parseDer(der));
  const oid = oidOf(identifier.next());
  const parameters = identifier.isAtEnd ? undefined : identifier.next();
  identifier.end();
  const scheme = schemeOf(oid, parameters, key);
  if (scheme?.algorithm !== key.algorithm) {
    throw new InputError('KEY_UNSUPPORTED', `no signature algorithm for this key: ${oid}, with a key ${key.algorithm}`);
  }
  return scheme;
}

/** The AlgorithmIdentifier (DER) of a scheme. Throws KEY_UNSUPPORTED for RSA-PSS and Ed25519ph, by which nothing is signed
 *  here. @source RFC 5758 section 3.2, RFC 8410 section 3, RFC 4055 section 5 */
export function encodeAlgorithmIdentifier({ kind, hash, name }: Scheme): Uint8Array {
  if (kind === 'ed25519') return sequence(oidElement(ED25519));
  const table = kind === 'ecdsa' ? HASH_BY_ECDSA : kind === 'rsa-pkcs1' ? HASH_BY_RSA_PKCS1 : {};
  const oid = Object.keys(table).find((each) => table[each] === hash);
  if (oid === undefined) {
    throw new InputError('KEY_UNSUPPORTED', `nothing is signed by ${name}`);
  }
  return kind === 'ecdsa' ? sequence(oidElement(oid)) : sequence(oidElement(oid), nullValue());
}

/** The hash that an AlgorithmIdentifier names: SHA-256, SHA-384 or SHA-512, parameters absent or NULL.
 *  Throws DER_MALFORMED, KEY_UNSUPPORTED. @source RFC 5754 section 2 */
export function hashOfAlgorithmIdentifier(element: DerElement): HashName {
  const identifier = cursorOf(element);
  const oid = oidOf(identifier.next());
  const parameters = identifier.isAtEnd ? undefined : identifier.next();
  identifier.end();
  const hash = HASH_BY_OID[oid];
  if (hash === undefined || (parameters !== undefined && !isNull(parameters))) {
    throw new InputError('KEY_UNSUPPORTED', `expected SHA-256, SHA-384 or SHA-512, got the hash algorithm ${oid}`);
  }
  return hash;
}

function schemeOf(oid: string, parameters: DerElement | undefined, key: PublicKey): Scheme | undefined {
  if (oid === RSA_PSS) {
    return parameters === undefined ? undefined : pssSchemeOf(parameters);
  }
  const rsaHash = HASH_BY_RSA_PKCS1[oid];
  if (rsaHash !== undefined) {
    return parameters !== undefined && isNull(parameters) ? schemes['rsa-pkcs1'][rsaHash] : undefined;
  }
  const ecdsaHash = HASH_BY_ECDSA[oid];
  if (parameters !== undefined || key.algorithm === 'rsa') {
    return undefined;
  }
  if (ecdsaHash !== undefined && key.algorithm !== 'ed25519') {
    return schemes[key.algorithm][ecdsaHash];
  }
  return oid === ED25519 ? schemes.ed25519 : undefined;
}

/** Hash, mask and salt must all be there: their defaults are SHA-1. @source RFC 4055 section 3.1 */
function pssSchemeOf(parameters: DerElement): Scheme | undefined {
  const members = cursorOf(parameters);
  const [hashMember, maskMember, saltMember] = [0xa0, 0xa1, 0xa2].map((tag) => members.optional(tag));
  // The trailer field has one value, which DER leaves out.
  members.end();
  if (hashMember === undefined || maskMember === undefined || saltMember === undefined) return undefined;
  const hash = hashOfAlgorithmIdentifier(insideOf(hashMember));
  const saltBytes = countOf(insideOf(saltMember));
  return isMgf1With(hash, insideOf(maskMember)) && saltBytes === SALT_BYTES[hash]
    ? { ...schemes['rsa-pss'][hash], saltBytes }
    : undefined;
}

function isMgf1With(hash: HashName, element: DerElement): boolean {
  const mask = cursorOf(element);
  const isMgf1 = oidOf(mask.next()) === MGF1;
  const parameters = mask.next();
  mask.end();
  return isMgf1 && hashOfAlgorithmIdentifier(parameters) === hash;
}

/** The one element in an explicit tag. */
function insideOf(wrapper: DerElement): DerElement {
  const inside = cursorOf(wrapper, wrapper.tag);
  const element = inside.next();
  inside.end();
  return element;
}

function isNull(element: DerElement): boolean {
  return isSameBytes(encodedOf(element), NULL);
}
