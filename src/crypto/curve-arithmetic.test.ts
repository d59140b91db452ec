import assert from 'node:assert/strict';
import { sign } from 'node:crypto';
import { test } from 'node:test';

import { ed25519ph } from '@noble/curves/ed25519.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import fc from 'fast-check';

import { utf8Of } from '../base/bytes.ts';
import { isEcdsaSignatureOfHash, isEd25519phSignatureOfHash } from './curve-arithmetic.ts';
import { integer, sequence } from './der-writer.ts';
import { hashOf } from './hash.ts';
import { createKeyPair } from './private-key.ts';
import { parsePublicKeyDer } from './public-key.ts';
import type { PublicKey } from './public-key.ts';

const curves = [
  { algorithm: 'ecdsa-p256', curve: p256, hash: 'sha256' },
  { algorithm: 'ecdsa-p384', curve: p384, hash: 'sha384' },
  { algorithm: 'ecdsa-p384', curve: p384, hash: 'sha256' },
  { algorithm: 'ecdsa-p521', curve: p521, hash: 'sha512' },
] as const;

/** What a library says that shares no arithmetic with OpenSSL. */
function isByNoble(curve: typeof p256, key: PublicKey, hash: Uint8Array, signature: Uint8Array): boolean {
  const point = key.spki.subarray(-(curve.lengths.publicKeyUncompressed ?? 0));
  try {
    return curve.verify(signature, hash, point, { prehash: false, lowS: false, format: 'der' });
  } catch {
    return false;
  }
}

function withFlippedBit(bytes: Uint8Array, bit: number): Uint8Array {
  const at = Math.floor(bit / 8) % bytes.length;
  return bytes.map((byte, index) => (index === at ? byte ^ (1 << (bit % 8)) : byte));
}

for (const { algorithm, curve, hash } of curves) {
  test(`what OpenSSL signs verifies by its hash, and not with a bit flipped: ${algorithm}, ${hash}`, async () => {
    const { keyObject, publicKey } = createKeyPair(algorithm);
    const property = fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), fc.nat(), async (message, bit) => {
      const signature = new Uint8Array(sign(hash, message, keyObject));
      const digest = hashOf(hash, message);
      for (const [given, of] of [
        [signature, digest],
        [withFlippedBit(signature, bit), digest],
        [signature, withFlippedBit(digest, bit)],
      ] as const) {
        const isGood = given === signature && of === digest;
        assert.equal(await isEcdsaSignatureOfHash(publicKey, of, given), isGood);
        assert.equal(isByNoble(curve, publicKey, of, given), isGood);
      }
    });
    await fc.assert(property, { numRuns: 10 });
  });
}

// By hand, where the sum of the two points is a special one.

const { Point } = p256;
const { Fn } = Point;
const { keyObject, publicKey } = createKeyPair('ecdsa-p256');
const secret = BigInt(`0x${Buffer.from(keyObject.export({ format: 'jwk' }).d ?? '', 'base64url').toString('hex')}`);
const nonce = 123_456_789n;
const r = Fn.create(Point.BASE.multiply(nonce).toAffine().x);
const bytesOf = (value: bigint): Uint8Array => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
const derOf = (first: bigint, second: bigint): Uint8Array =>
  sequence(integer(bytesOf(first)), integer(bytesOf(second)));
const signatureOf = (z: bigint): Uint8Array => derOf(r, Fn.div(Fn.create(z + r * secret), nonce));

test('a good signature verifies also where a multiple of the base point is none, or is the key itself', async () => {
  for (const z of [0n, 1n, Fn.create(r * secret), Fn.ORDER - 1n]) {
    assert.equal(await isEcdsaSignatureOfHash(publicKey, bytesOf(z), signatureOf(z)), true, `${z}`);
    assert.equal(isByNoble(p256, publicKey, bytesOf(z), signatureOf(z)), true, `${z}`);
  }
});

test('the point at infinity verifies nothing', async () => {
  const z = Fn.neg(Fn.create(r * secret));
  for (const s of [1n, 2n, nonce, Fn.ORDER - 1n]) {
    assert.equal(await isEcdsaSignatureOfHash(publicKey, bytesOf(z), derOf(r, s)), false, `${s}`);
  }
});

test('numbers outside their range, other encodings, longer hashes and other keys verify nothing', async () => {
  const z = BigInt(`0x${Buffer.from(hashOf('sha256', utf8Of('text'))).toString('hex')}`);
  const good = signatureOf(z);
  const s = Fn.div(Fn.create(z + r * secret), nonce);
  const bad: readonly Uint8Array[] = [
    derOf(0n, s),
    derOf(r, 0n),
    derOf(0n, 0n),
    derOf(Fn.ORDER, s),
    derOf(r, Fn.ORDER),
    derOf(r, s + 1n),
    Uint8Array.from([...good, 0]),
    good.subarray(0, -1),
    new Uint8Array(),
    // The number with a leading zero that it does not need.
    Uint8Array.from([0x30, (good[1] ?? 0) + 1, 0x02, (good[3] ?? 0) + 1, 0, ...good.subarray(4)]),
  ];
  assert.equal(await isEcdsaSignatureOfHash(publicKey, bytesOf(z), good), true);
  for (const each of bad) assert.equal(await isEcdsaSignatureOfHash(publicKey, bytesOf(z), each), false);
  // The other of the two numbers that stand for one point is as good: ECDSA has no low ones.
  assert.equal(await isEcdsaSignatureOfHash(publicKey, bytesOf(z), derOf(r, Fn.neg(s))), true);
  const longer = Uint8Array.from([0, ...bytesOf(z)]);
  assert.equal(await isEcdsaSignatureOfHash(publicKey, longer, good), false);
  for (const algorithm of ['ed25519', 'rsa', 'ecdsa-p384', 'ecdsa-p256'] as const) {
    assert.equal(await isEcdsaSignatureOfHash(createKeyPair(algorithm).publicKey, bytesOf(z), good), false);
  }
});

test('Ed25519ph verifies by the hash: the vector of RFC 8032, and not with a bit flipped', async () => {
  const spki = Buffer.from(
    '302a300506032b6570032100ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf',
    'hex',
  );
  const key = parsePublicKeyDer(new Uint8Array(spki), 'spki');
  const signature = Buffer.from(
    '98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae4131f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406',
    'hex',
  );
  const hash = hashOf('sha512', utf8Of('abc'));
  assert.equal(await isEd25519phSignatureOfHash(key, hash, signature), true);
  assert.equal(ed25519ph.verify(signature, utf8Of('abc'), key.spki.subarray(-32), { zip215: false }), true);
  for (const bit of [0, 100, 255, 256, 300, 511]) {
    assert.equal(await isEd25519phSignatureOfHash(key, hash, withFlippedBit(signature, bit)), false);
    assert.equal(await isEd25519phSignatureOfHash(key, withFlippedBit(hash, bit), signature), false);
  }
  assert.equal(await isEd25519phSignatureOfHash(key, hash, signature.subarray(1)), false);
  const pure = sign(null, utf8Of('abc'), createKeyPair('ed25519').keyObject);
  assert.equal(await isEd25519phSignatureOfHash(createKeyPair('ed25519').publicKey, hash, pure), false);
});
