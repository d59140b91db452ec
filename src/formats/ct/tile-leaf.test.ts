import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { hasCode } from '../../../test/support/error-code.ts';
import { concatBytes, hexOf, parseHex } from '../../base/bytes.ts';
import { isErrorWithCode } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { cutTileLeaves, encodeTileLeaf, parseTileLeaf } from './tile-leaf.ts';
import { encodeTimestampedEntry, merkleTreeLeafOf } from './timestamped-entry.ts';
import { vectorOf } from './tls-writer.ts';

const isMalformed = hasCode('LOG_ENTRY_MALFORMED');
const keyHash = new Uint8Array(32).fill(0xaa);
const issuers = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];

interface AnEntry {
  readonly kind: 'x509' | 'precert';
  readonly bytes: Uint8Array;
  readonly ms: number;
  readonly index: bigint;
  readonly issuers: readonly Uint8Array[];
}

const anEntry: fc.Arbitrary<AnEntry> = fc.record({
  kind: fc.constantFrom('x509' as const, 'precert' as const),
  bytes: fc.uint8Array({ maxLength: 400 }),
  ms: fc.integer({ min: 0, max: 8_640_000_000_000_000 }),
  index: fc.bigInt({ min: 0n, max: 2n ** 40n - 1n }),
  issuers: fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: limits.chainCertificates }),
});

function timestampedOf({ kind, bytes, ms, index }: AnEntry): Uint8Array {
  const certificate = vectorOf(3, bytes);
  const signedEntry = kind === 'precert' ? concatBytes([keyHash, certificate]) : certificate;
  return encodeTimestampedEntry({ kind, signedEntry, timestamp: new Date(ms), index });
}

function leafOf(entry: AnEntry): Uint8Array {
  return encodeTileLeaf(timestampedOf(entry), entry.kind === 'precert' ? entry.bytes : undefined, entry.issuers);
}

test('an entry of a precertificate is written as the specification shows it', () => {
  const signedEntry = concatBytes([keyHash, vectorOf(3, parseHex('3000'))]);
  const index = 0x0102030405n;
  const timestamped = encodeTimestampedEntry({
    kind: 'precert',
    signedEntry,
    timestamp: new Date(0x18e57c007a6),
    index,
  });
  const expected = `0000018e57c007a6 0001 ${'aa'.repeat(32)} 000002 3000 0008 00 0005 0102030405`;
  assert.equal(hexOf(timestamped), expected.replaceAll(' ', ''));
  assert.equal(hexOf(merkleTreeLeafOf(timestamped)), `0000${hexOf(timestamped)}`);
  const leaf = encodeTileLeaf(timestamped, parseHex('3001ff'), issuers);
  assert.equal(hexOf(leaf), `${hexOf(timestamped)}0000033001ff0040${'01'.repeat(32)}${'02'.repeat(32)}`);
});

test('an entry of a certificate has no precertificate, and may have no issuers', () => {
  const signedEntry = vectorOf(3, parseHex('3000'));
  const timestamped = encodeTimestampedEntry({ kind: 'x509', signedEntry, timestamp: new Date(1), index: 0n });
  const leaf = encodeTileLeaf(timestamped, undefined, []);
  assert.equal(hexOf(leaf), '000000000000000100000000023000000800000500000000000000');
  assert.equal(parseTileLeaf(leaf).precertificate, undefined);
});

test('what is written is read back, alone and out of a tile', () => {
  fc.assert(
    fc.property(fc.array(anEntry, { maxLength: 6 }), (entries) => {
      const leaves = entries.map(leafOf);
      const cut = cutTileLeaves(concatBytes(leaves));
      assert.deepEqual(cut.map(hexOf), leaves.map(hexOf));
      for (const [at, entry] of entries.entries()) {
        const read = parseTileLeaf(cut[at] ?? new Uint8Array());
        assert.equal(read.kind, entry.kind);
        assert.equal(read.timestamp.getTime(), entry.ms);
        assert.equal(hexOf(read.extensions), `000005${entry.index.toString(16).padStart(10, '0')}`);
        assert.equal(hexOf(read.timestampedEntry), hexOf(timestampedOf(entry)));
        assert.equal(
          read.precertificate && hexOf(read.precertificate),
          entry.kind === 'precert' ? hexOf(entry.bytes) : undefined,
        );
        assert.deepEqual(read.issuers.map(hexOf), entry.issuers.map(hexOf));
      }
    }),
  );
});

test('an entry that is cut off anywhere, or has a byte more, is malformed', () => {
  const leaf = leafOf({ kind: 'precert', bytes: parseHex('3001ff'), ms: 5, index: 7n, issuers });
  for (let length = 0; length < leaf.length; length += 1) {
    assert.throws(() => parseTileLeaf(leaf.subarray(0, length)), isMalformed, `${length} bytes`);
    if (length > 0)
      assert.throws(() => cutTileLeaves(leaf.subarray(0, length)), isMalformed, `${length} bytes of a tile`);
  }
  assert.throws(() => parseTileLeaf(concatBytes([leaf, new Uint8Array(1)])), isMalformed);
});

test('another type, half a hash and more issuers than a chain has are malformed', () => {
  const leaf = leafOf({ kind: 'x509', bytes: parseHex('3000'), ms: 5, index: 7n, issuers: [] });
  assert.throws(() => parseTileLeaf(leaf.with(9, 2)), isMalformed);
  const withIssuers = (bytes: number): Uint8Array =>
    concatBytes([leaf.subarray(0, -2), vectorOf(2, new Uint8Array(bytes))]);
  parseTileLeaf(withIssuers(64));
  assert.throws(() => parseTileLeaf(withIssuers(33)), isMalformed);
  assert.throws(() => parseTileLeaf(withIssuers(32 * (limits.chainCertificates + 1))), isMalformed);
});

test('any bytes are read as a tile or refused with the code of entries', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        assert.deepEqual(concatBytes(cutTileLeaves(bytes)), bytes);
      } catch (error) {
        if (!isErrorWithCode(error, 'LOG_ENTRY_MALFORMED')) throw error;
      }
    }),
    { numRuns: 2000 },
  );
});
