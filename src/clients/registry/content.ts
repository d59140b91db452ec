/** Content under its digest. */

import { createHash } from 'node:crypto';

import { digestAlgorithmOf, parseDigest } from '../../formats/oci/digest.ts';
import type { Digest } from '../../formats/oci/digest.ts';

/** The digest of bytes, in the algorithm of another digest where one was promised. */
export function digestOf(bytes: Uint8Array, like?: Digest): Digest {
  const algorithm = like === undefined ? 'sha256' : digestAlgorithmOf(like);
  return parseDigest(`${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`);
}

export interface Hasher {
  readonly update: (chunk: Uint8Array) => void;
  /** Whether all chunks together hash to the digest. To be asked once, at the end. */
  readonly isMatch: () => boolean;
}

/** Hashes a stream that should be what a digest names. */
export function openHasher(digest: Digest): Hasher {
  const algorithm = digestAlgorithmOf(digest);
  const hash = createHash(algorithm);
  return { update: (chunk) => hash.update(chunk), isMatch: () => `${algorithm}:${hash.digest('hex')}` === digest };
}
