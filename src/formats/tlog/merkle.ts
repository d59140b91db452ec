/** Hashes of Merkle trees, and the proof that a leaf is in one. @source RFC 6962 section 2.1, RFC 9162 section 2.1.3 */

import { concatBytes, isSameBytes } from '../../base/bytes.ts';
import { hashOf } from '../../crypto/hash.ts';

const HASH_BYTES = 32;
const LEAF_PREFIX = Uint8Array.of(0);
const NODE_PREFIX = 1;

/** SHA-256 of a zero byte and the leaf's data. */
export function leafHashOf(data: Uint8Array): Uint8Array {
  return hashOf('sha256', concatBytes([LEAF_PREFIX, data]));
}

/** SHA-256 of a one byte and both hashes, which are put together in `node`. */
export function nodeHashOf(left: Uint8Array, right: Uint8Array, node: Uint8Array = createNode()): Uint8Array {
  node.set(left, 1);
  node.set(right, 1 + HASH_BYTES);
  return hashOf('sha256', node);
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
  // Below the level where the ways of this leaf and of the last one meet, every node has a sibling, on the side that the
  // bits of the index say. Above, the way runs along the right edge: only its right children have one.
  const bits = index.toString(2);
  const difference = index ^ (treeSize - 1n);
  const meetingLevel = difference === 0n ? 0 : difference.toString(2).length;
  const edge = bits.slice(0, Math.max(bits.length - meetingLevel, 0));
  if (path.length !== meetingLevel + edge.replaceAll('0', '').length) {
    return undefined;
  }
  const node = createNode();
  return path.reduce((hash, sibling, level) => {
    const isRightChild = level >= meetingLevel || bits[bits.length - 1 - level] === '1';
    return isRightChild ? nodeHashOf(sibling, hash, node) : nodeHashOf(hash, sibling, node);
  }, leafHash);
}

/** A tree by its size and root. */
export interface SizedRoot {
  readonly size: bigint;
  readonly root: Uint8Array;
}

/** Whether the proof shows that the second tree begins with the first. Nothing is proven about the tree of no leaves,
 *  with which every other begins, nor where both are the same. @source RFC 9162 section 2.1.4.2 */
export function isConsistent(first: SizedRoot, second: SizedRoot, proof: readonly Uint8Array[]): boolean {
  if (first.size > second.size || proof.some((hash) => hash.length !== HASH_BYTES)) return false;
  if (first.size === 0n) return proof.length === 0;
  if (first.size === second.size) return proof.length === 0 && isSameBytes(first.root, second.root);
  let [firstAt, secondAt] = [first.size - 1n, second.size - 1n];
  while (firstAt % 2n === 1n) [firstAt, secondAt] = [firstAt >> 1n, secondAt >> 1n];
  // A first tree that is a whole subtree of the second stands for itself.
  const [start, ...path] = firstAt === 0n ? [first.root, ...proof] : proof;
  if (start === undefined) return false;
  let [firstRoot, secondRoot] = [start, start];
  for (const hash of path) {
    if (secondAt === 0n) return false;
    if (firstAt % 2n === 1n || firstAt === secondAt) {
      [firstRoot, secondRoot] = [nodeHashOf(hash, firstRoot), nodeHashOf(hash, secondRoot)];
      while (firstAt % 2n === 0n && firstAt !== 0n) [firstAt, secondAt] = [firstAt >> 1n, secondAt >> 1n];
    } else {
      secondRoot = nodeHashOf(secondRoot, hash);
    }
    [firstAt, secondAt] = [firstAt >> 1n, secondAt >> 1n];
  }
  return secondAt === 0n && isSameBytes(firstRoot, first.root) && isSameBytes(secondRoot, second.root);
}

function createNode(): Uint8Array {
  const node = new Uint8Array(1 + 2 * HASH_BYTES);
  node[0] = NODE_PREFIX;
  return node;
}
