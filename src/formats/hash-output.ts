/** A hash with the name of its algorithm, as protocol buffers write it.
 *  @source sigstore/protobuf-specs protos/sigstore_common.proto, HashOutput */

import { decodeString } from '../base/decode.ts';
import type { Decoder } from '../base/decode.ts';
import { InputError } from '../base/errors.ts';
import type { HashName } from '../crypto/hash.ts';
import { decodeBytes, decodeMessage } from './proto-json.ts';

export interface HashOutput {
  readonly hash: HashName;
  readonly value: Uint8Array;
}

const NAMES: Readonly<Record<string, HashName>> = { SHA2_256: 'sha256', SHA2_384: 'sha384', SHA2_512: 'sha512' };
const HASH_BYTES: Readonly<Record<HashName, number>> = { sha256: 32, sha384: 48, sha512: 64 };

const decodeMembers = decodeMessage({ algorithm: decodeString, digest: decodeBytes });

/** Reads `{"algorithm":"SHA2_256","digest":"<base64>"}`. Throws JSON_SHAPE, BASE64_MALFORMED. */
export const decodeHashOutput: Decoder<HashOutput> = (value, path) => {
  const { algorithm, digest } = decodeMembers(value, path);
  return hashOutputOf(Object.hasOwn(NAMES, algorithm) ? NAMES[algorithm] : undefined, digest, path);
};

/** Throws JSON_SHAPE for an algorithm that is not known and for a hash that is not as long as its algorithm makes it. */
export function hashOutputOf(hash: HashName | undefined, value: Uint8Array, path: string): HashOutput {
  if (hash === undefined || HASH_BYTES[hash] !== value.length) {
    const expected = 'a hash by SHA-256, SHA-384 or SHA-512';
    const seen = `${value.length} bytes by ${hash ?? 'another algorithm'}`;
    throw new InputError('JSON_SHAPE', `${path}: expected ${expected}, got ${seen}`, { details: { path, expected } });
  }
  return { hash, value };
}
