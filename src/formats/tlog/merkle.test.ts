import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import {
  inclusionHashesOf,
  leafHashOf as plainLeafHashOf,
  rootHashOf,
} from '../../../test/support/virtual-sigstore/merkle-tree.ts';
import { hexOf, utf8Of } from '../../base/bytes.ts';
import { inclusionRootOf, leafHashOf, nodeHashOf } from './merkle.ts';

const leavesOf = (size: number): readonly Buffer[] =>
  Array.from({ length: size }, (_, index) => plainLeafHashOf(utf8Of(`leaf ${index}`)));

const place = fc
  .integer({ min: 1, max: 300 })
  .chain((size) => fc.record({ size: fc.constant(size), index: fc.nat(size - 1) }));

test('leaves and nodes hash as the specification says', () => {
  assert.equal(hexOf(leafHashOf(new Uint8Array())), '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
  // The tree over "" and one zero byte. @source certificate-transparency test vectors
  assert.equal(
    hexOf(nodeHashOf(leafHashOf(new Uint8Array()), leafHashOf(new Uint8Array(1)))),
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  );
});

test('every leaf of every small tree leads to its root', () => {
  for (let size = 1; size <= 40; size += 1) {
    const leaves = leavesOf(size);
    const root = rootHashOf(leaves);
    for (const [index, leaf] of leaves.entries()) {
      const reached = inclusionRootOf(leaf, BigInt(index), BigInt(size), inclusionHashesOf(leaves, index));
      assert.ok(reached !== undefined && root.equals(reached), `leaf ${index} of ${size}`);
    }
  }
});

test('a flipped bit in the leaf, the index or the path leads elsewhere', () => {
  fc.assert(
    fc.property(place, fc.nat(), fc.nat(255), ({ size, index }, which, bit) => {
      const leaves = leavesOf(size);
      const root = rootHashOf(leaves);
      const path = [leaves[index] ?? Buffer.alloc(0), ...inclusionHashesOf(leaves, index)].map((hash) =>
        Buffer.from(hash),
      );
      const isRoot = (at: bigint): boolean => {
        const [leaf = Buffer.alloc(0), ...rest] = path;
        const reached = inclusionRootOf(leaf, at, BigInt(size), rest);
        return reached !== undefined && root.equals(reached);
      };
      assert.equal(isRoot(BigInt(index)), true);
      assert.equal(isRoot(BigInt(index) ^ (1n << BigInt(which % 9))), false);
      const hash = path[which % path.length] ?? Buffer.alloc(0);
      hash[bit >> 3] = (hash[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.equal(isRoot(BigInt(index)), false);
    }),
  );
});

test('a path that is too short, too long, or of other hashes leads nowhere', () => {
  fc.assert(
    fc.property(place, ({ size, index }) => {
      const leaves = leavesOf(size);
      const path = inclusionHashesOf(leaves, index);
      const [leaf = Buffer.alloc(0)] = leaves.slice(index);
      const reached = (at: bigint, other: readonly Uint8Array[], of = BigInt(size)): Uint8Array | undefined =>
        inclusionRootOf(leaf, at, of, other);
      assert.equal(reached(BigInt(index), [...path, leaf]), undefined);
      assert.equal(path.length === 0 ? undefined : reached(BigInt(index), path.slice(1)), undefined);
      assert.equal(
        path.length === 0 ? undefined : reached(BigInt(index), [leaf.subarray(1), ...path.slice(1)]),
        undefined,
      );
      assert.equal(reached(BigInt(size), path), undefined);
      assert.equal(reached(-1n, path), undefined);
      assert.equal(reached(0n, path, 0n), undefined);
    }),
  );
});
