/** Content digests. @source OCI image-spec descriptor.md, section Digests */

import { InputError } from '../../base/errors.ts';
import { sha256HexOf } from '../../crypto/hash.ts';

declare const digestBrand: unique symbol;

/** A digest that a parser accepted: "sha256:" and 64 lower-case hex digits, or "sha512:" and 128. */
export type Digest = string & { readonly [digestBrand]: true };

const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/** Reads a digest. Throws DIGEST_MALFORMED. */
export function parseDigest(text: string): Digest {
  if (!isDigest(text)) {
    throw new InputError(
      'DIGEST_MALFORMED',
      `expected sha256: and 64 lower-case hex digits, got ${JSON.stringify(text.slice(0, 150))}`,
    );
  }
  return text;
}

/** The SHA-256 digest of the bytes. */
export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${sha256HexOf(bytes)}` as Digest;
}

export function isDigest(text: string): text is Digest {
  return DIGEST.test(text);
}

/** "sha256" or "sha512". */
export function digestAlgorithmOf(digest: Digest): 'sha256' | 'sha512' {
  return digest.startsWith('sha256:') ? 'sha256' : 'sha512';
}

/** The hex digits alone. */
export function digestHexOf(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1);
}
