/** Hashes of Merkle trees, and the proof that a leaf is in one. @source RFC 6962 section 2.1, RFC 9162 section 2.1.3 */

import { concatBytes } from '../../base/bytes.ts';
import { hashOf } from '../../crypto/hash.ts';

const HASH_BYTES = 32;
const LEAF_PREFIX = Uint8Array.of(0);
const NODE_PREFIX = Uint8Array.of(1);

/** SHA-256 of a zero byte and the leaf's data. */
export function leafHashOf(data: Uint8Array): Uint8Array {
  return hashOf('sha256', concatBytes([LEAF_PREFIX, data]));
}

/** SHA-256 of a one byte and both hashes. */
export function nodeHashOf(left: Uint8Array, right: Uint8Array): Uint8Array {
  return hashOf('sha256', concatBytes([NODE_PREFIX, left, right]));
}

/** The root of the tree of this size to which the path leads from a leaf at this index; undefined when no path of this
 *  length can lead from there. @source RFC 9162 section 2.1.3.2 */
export function inclusionRootOf(
  leafHash: Uint8Array,
  index: bigint,
  treeSize: bigint,
  path: readonly Uint8Array[],
): Uint8Array | undefined {
  if (index < 0n || index >= treeSize || path.some((hash) => hash.length !== HASH_BYTES)) {
    return undefined;
  }
  let node = index;
  let last = treeSize - 1n;
  let hash = leafHash;
  for (const sibling of path) {
    if (last === 0n) {
      return undefined;
    }
    if ((node & 1n) === 1n || node === last) {
      hash = nodeHashOf(sibling, hash);
      // At the right edge a node without sibling rises unchanged.
      while ((node & 1n) === 0n && node !== 0n) {
        node >>= 1n;
        last >>= 1n;
      }
    } else {
      hash = nodeHashOf(hash, sibling);
    }
    node >>= 1n;
    last >>= 1n;
  }
  return last === 0n ? hash : undefined;
}
