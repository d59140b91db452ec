/** All bytes of the registry, blobs and manifests alike, once each under their digest. Immutable, so what is kept in
 *  memory can never be stale. Whether a repository may serve them is repository-store.ts's business. */

import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { hexOf } from '../../base/bytes.ts';
import { hashOf } from '../../crypto/hash.ts';
import { digestAlgorithmOf, digestHexOf, parseDigest } from '../../formats/oci/digest.ts';
import type { Digest } from '../../formats/oci/digest.ts';

export interface ContentStore {
  /** Where the content is, or is to be put. */
  readonly pathOf: (digest: Digest) => string;
  /** Bytes of content that is there; throws the file system's error when it is not. */
  readonly sizeOf: (digest: Digest) => number;
  /** The bytes of something small, hashed when it comes from disk. Throws when damaged. */
  readonly read: (digest: Digest) => Promise<Uint8Array>;
}

/** Up to this many bytes content is read whole, and kept. */
export const smallContentBytes: number = 256 * 1024;
const keptBytes = 32 * 1024 * 1024;

export function openContentStore(root: string): ContentStore {
  const kept = new Map<Digest, Uint8Array>();
  let keptTotal = 0;
  const pathOf = (digest: Digest): string => {
    const hex = digestHexOf(digest);
    return join(root, digestAlgorithmOf(digest), hex.slice(0, 2), hex);
  };
  const keep = (digest: Digest, bytes: Uint8Array): void => {
    if (bytes.length > smallContentBytes || kept.has(digest)) {
      return;
    }
    kept.set(digest, bytes);
    keptTotal += bytes.length;
    for (const [oldest, old] of kept) {
      if (keptTotal <= keptBytes) {
        break;
      }
      kept.delete(oldest);
      keptTotal -= old.length;
    }
  };
  return {
    pathOf,
    sizeOf: (digest) => kept.get(digest)?.length ?? statSync(pathOf(digest)).size,
    read: async (digest) => {
      const found = kept.get(digest);
      if (found !== undefined) {
        return found;
      }
      const bytes = await readFile(pathOf(digest));
      if (digestWith(digestAlgorithmOf(digest), bytes) !== digest) {
        throw new Error(`the stored content of ${digest} is damaged`);
      }
      keep(digest, bytes);
      return bytes;
    },
  };
}

export function digestWith(algorithm: 'sha256' | 'sha512', bytes: Uint8Array): Digest {
  return parseDigest(`${algorithm}:${hexOf(hashOf(algorithm, bytes))}`);
}
