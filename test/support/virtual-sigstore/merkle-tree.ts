/** The tree of a transparency log, the slow and plain way. @source RFC 6962 section 2.1 */

import { digestOf } from './virtual-key.ts';

export function leafHashOf(leaf: Uint8Array): Buffer {
  return digestOf('sha256', Buffer.from([0]), leaf);
}

export function rootHashOf(leafHashes: readonly Buffer[]): Buffer {
  const [only, ...more] = leafHashes;
  if (only === undefined) {
    return digestOf('sha256');
  }
  if (more.length === 0) {
    return only;
  }
  const split = splitOf(leafHashes.length);
  return nodeHashOf(rootHashOf(leafHashes.slice(0, split)), rootHashOf(leafHashes.slice(split)));
}

/** Hashes from the leaf upwards. */
export function inclusionHashesOf(leafHashes: readonly Buffer[], index: number): readonly Buffer[] {
  if (leafHashes.length <= 1) {
    return [];
  }
  const split = splitOf(leafHashes.length);
  const [left, right] = [leafHashes.slice(0, split), leafHashes.slice(split)];
  return index < split
    ? [...inclusionHashesOf(left, index), rootHashOf(right)]
    : [...inclusionHashesOf(right, index - split), rootHashOf(left)];
}

function nodeHashOf(left: Buffer, right: Buffer): Buffer {
  return digestOf('sha256', Buffer.from([1]), left, right);
}

/** The largest power of two below `size`. */
function splitOf(size: number): number {
  return 2 ** Math.ceil(Math.log2(size) - 1);
}
