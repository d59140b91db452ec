import assert from 'node:assert/strict';
import { constants, generateKeyPairSync, privateEncrypt, sign } from 'node:crypto';
import { test } from 'node:test';

import { ed25519ph } from '@noble/curves/ed25519.js';
import fc from 'fast-check';

import { hasCode } from '../../test/support/error-code.ts';
import { concatBytes, parseHex, utf8Of } from '../base/bytes.ts';
import { hashOf, hashStream } from './hash.ts';
import { schemes } from './key-algorithm.ts';
import type { KeyAlgorithm, Scheme } from './key-algorithm.ts';
import { createKeyPair } from './private-key.ts';
import { parsePublicKey, publicKeyOf } from './public-key.ts';
import { verifyByScheme, verifyHashSignature, verifySignature } from './signature.ts';
import { signerOf } from './signer.ts';

const algorithms: readonly KeyAlgorithm[] = ['ecdsa-p256', 'ecdsa-p384', 'ecdsa-p521', 'ed25519', 'rsa'];
const keys = algorithms.map((algorithm) => createKeyPair(algorithm));
const message = utf8Of('what was signed');

async function* streamOf(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

test('what a key signs, its public half verifies: bytes and stream, by message and by hash', async () => {
  const names: (string | undefined)[] = [];
  for (const key of keys) {
    const signer = signerOf(key);
    const signature = await signer.sign(message);
    names.push(await verifySignature(key.publicKey, message, signature));
    const streamed = await signer.sign(streamOf(message.subarray(0, 4), message.subarray(4)));
    assert.equal(await verifySignature(key.publicKey, message, streamed), names.at(-1));
    const byHash = await verifyHashSignature(key.publicKey, await hashStream(streamOf(message)), signature);
    assert.equal(byHash, key.publicKey.algorithm === 'ed25519' ? undefined : names.at(-1));
  }
  assert.deepEqual(names, [
    'ECDSA P-256 with SHA-256',
    'ECDSA P-384 with SHA-256',
    'ECDSA P-521 with SHA-256',
    'Ed25519',
    'RSA PKCS#1 v1.5 with SHA-256',
  ]);
});

test('the natural hash and RSA-PSS are verified too, by message and by hash', async () => {
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING };
  const cases: readonly (readonly [KeyAlgorithm, string, string, object])[] = [
    ['ecdsa-p384', 'sha384', 'ECDSA P-384 with SHA-384', {}],
    ['ecdsa-p521', 'sha512', 'ECDSA P-521 with SHA-512', {}],
    ['rsa', 'sha256', 'RSA-PSS with SHA-256', pss],
    ['rsa', 'sha256', 'RSA-PSS with SHA-256', { ...pss, saltLength: 32 }],
    ['rsa', 'sha256', 'RSA-PSS with SHA-256', { ...pss, saltLength: 0 }],
  ];
  for (const [algorithm, hash, name, options] of cases) {
    const key = keyOf(algorithm);
    const signature = new Uint8Array(sign(hash, message, { key: key.keyObject, ...options }));
    assert.equal(await verifySignature(key.publicKey, message, signature), name);
    assert.equal(await verifyHashSignature(key.publicKey, await hashStream(streamOf(message)), signature), name);
  }
});

test('a scheme that is named verifies what was signed by it, and nothing else', async () => {
  const named: readonly Scheme[] = [
    ...(['ecdsa-p256', 'ecdsa-p384', 'ecdsa-p521', 'rsa-pkcs1', 'rsa-pss'] as const).flatMap((kind) =>
      Object.values(schemes[kind]),
    ),
    schemes.ed25519,
  ];
  for (const scheme of named) {
    const { keyObject, publicKey } = keyOf(scheme.algorithm);
    const signature = new Uint8Array(sign(scheme.hash, message, { key: keyObject, ...paddingForSigning(scheme) }));
    for (const other of [...named, schemes.ed25519ph]) {
      assert.equal(await verifyByScheme(other, publicKey, message, signature), other === scheme, other.name);
    }
  }
  const { secretKey, publicKey } = ed25519ph.keygen();
  const key = parsePublicKey(concatBytes([parseHex('302a300506032b6570032100'), publicKey]));
  const prehashed = ed25519ph.sign(message, secretKey);
  assert.equal(await verifyByScheme(schemes.ed25519ph, key, message, prehashed), true);
  assert.equal(await verifyByScheme(schemes.ed25519, key, message, prehashed), false);
});

test('a stated length of an RSA-PSS salt is the only one', async () => {
  const { keyObject, publicKey } = keyOf('rsa');
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  for (const saltLength of [20, 32]) {
    const signature = new Uint8Array(sign('sha256', message, { key: keyObject, padding, saltLength }));
    const scheme = { ...schemes['rsa-pss'].sha256, saltBytes: 32 };
    assert.equal(await verifyByScheme(scheme, publicKey, message, signature), saltLength === 32);
  }
});

test('RSA-PSS by hash agrees with OpenSSL, whatever the size of the modulus and the flipped bit', async () => {
  for (const modulusLength of [2048, 2056]) {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength });
    const key = publicKeyOf(publicKey);
    for (const saltLength of [0, 20, 32]) {
      const signature = new Uint8Array(
        sign('sha256', message, { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }),
      );
      assert.equal(
        await verifyHashSignature(key, { sha256: hashOf('sha256', message) }, signature),
        'RSA-PSS with SHA-256',
      );
      for (let bit = 0; bit < signature.length * 8; bit += 97) {
        const changed = signature.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
        assert.equal(await verifyHashSignature(key, { sha256: hashOf('sha256', message) }, changed), undefined);
      }
      assert.equal(await verifyHashSignature(key, { sha256: hashOf('sha256', utf8Of('other')) }, signature), undefined);
    }
  }
});

test('Ed25519 must hold its message whole, and refuses a stream above the cap', async () => {
  const chunk = new Uint8Array(16 * 1024 * 1024);
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      yield chunk;
    }
  }
  await assert.rejects(signerOf(keyOf('ed25519')).sign(endless()), hasCode('INPUT_TOO_LARGE'));
});

test('hashes that no scheme of the key names verify nothing', async () => {
  const { keyObject, publicKey } = keyOf('ecdsa-p256');
  for (const hash of ['sha1', 'sha384', 'sha512', 'sha3-256']) {
    assert.equal(await verifySignature(publicKey, message, sign(hash, message, keyObject)), undefined, hash);
  }
  const rsa = keyOf('rsa');
  assert.equal(await verifySignature(rsa.publicKey, message, sign('sha1', message, rsa.keyObject)), undefined);
});

test('Ed25519ph is verified: the vector of RFC 8032 section 7.3, and signatures over any message', async () => {
  const header = '302a300506032b6570032100';
  const key = parsePublicKey(parseHex(`${header}ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf`));
  const signature = parseHex(
    '98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae4131f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406',
  );
  assert.equal(await verifySignature(key, utf8Of('abc'), signature), 'Ed25519ph');
  assert.equal(await verifySignature(key, utf8Of('abd'), signature), undefined);
  const { secretKey, publicKey } = ed25519ph.keygen();
  const own = parsePublicKey(concatBytes([parseHex(header), publicKey]));
  assert.equal(await verifySignature(own, message, ed25519ph.sign(message, secretKey)), 'Ed25519ph');
});

test('a flipped bit in message or signature verifies nothing', async () => {
  for (const key of keys) {
    const signature = await signerOf(key).sign(message);
    const whole = concatBytes([message, signature]);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length * 8 - 1), async (bit) => {
        const changed = new Uint8Array(whole);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const [text, mark] = [changed.subarray(0, message.length), changed.subarray(message.length)];
        assert.equal(await verifySignature(key.publicKey, text, mark), undefined);
        assert.equal(await verifyHashSignature(key.publicKey, { sha256: hashOf('sha256', text) }, mark), undefined);
      }),
      { numRuns: 25 },
    );
  }
});

test('an ECDSA signature has one encoding', async () => {
  for (const algorithm of ['ecdsa-p256', 'ecdsa-p384', 'ecdsa-p521'] as const) {
    const { keyObject, publicKey } = keyOf(algorithm);
    const signature = new Uint8Array(sign('sha256', message, keyObject));
    const { r, s } = partsOf(signature);
    const order = orders[algorithm];
    assert.deepEqual(derOf(integerOf(r), integerOf(s)), signature);
    const mutations: Record<string, Uint8Array> = {
      empty: new Uint8Array(),
      'trailing byte': concatBytes([signature, new Uint8Array(1)]),
      truncated: signature.subarray(0, -1),
      'r with a needless zero': derOf(padded(integerOf(r)), integerOf(s)),
      's with a needless zero': derOf(integerOf(r), padded(integerOf(s))),
      'length in long form': concatBytes([
        new Uint8Array([0x30, 0x82, 0, signature.length - headerOf(signature)]),
        signature.subarray(headerOf(signature)),
      ]),
      'indefinite length': concatBytes([
        new Uint8Array([0x30, 0x80]),
        signature.subarray(headerOf(signature)),
        new Uint8Array(2),
      ]),
      'data after s, inside': sequenceOf(concatBytes([integerOf(r), integerOf(s), new Uint8Array([5, 0])])),
      'r negative': derOf(
        integerOf(r).map((byte, index) => (index === 2 ? byte | 0x80 : byte)),
        integerOf(s),
      ),
      'r zero': derOf(integerOf(0n), integerOf(s)),
      's zero': derOf(integerOf(r), integerOf(0n)),
      'both zero': derOf(integerOf(0n), integerOf(0n)),
      'r + n': derOf(integerOf(r + order), integerOf(s)),
      's + n': derOf(integerOf(r), integerOf(s + order)),
      'r = n': derOf(integerOf(order), integerOf(s)),
      's = n': derOf(integerOf(r), integerOf(order)),
      swapped: derOf(integerOf(s), integerOf(r)),
      'raw r and s': new Uint8Array(sign('sha256', message, { key: keyObject, dsaEncoding: 'ieee-p1363' })),
      'a set, not a sequence': concatBytes([new Uint8Array([0x31]), signature.subarray(1)]),
    };
    for (const [name, mutated] of Object.entries(mutations)) {
      assert.equal(await verifySignature(publicKey, message, mutated), undefined, `${algorithm}: ${name}`);
      assert.equal(
        await verifyHashSignature(publicKey, { sha256: hashOf('sha256', message) }, mutated),
        undefined,
        `${algorithm} by hash: ${name}`,
      );
    }
  }
});

test('Ed25519 signatures with a scalar that is not reduced, or of another length, verify nothing', async () => {
  const { keyObject, publicKey } = keyOf('ed25519');
  const signature = new Uint8Array(sign(undefined, message, keyObject));
  const order = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;
  const scalar = BigInt(`0x${Buffer.from(signature.subarray(32).toReversed()).toString('hex')}`) + order;
  const grown = parseHex(scalar.toString(16).padStart(64, '0')).toReversed();
  for (const mutated of [
    concatBytes([signature.subarray(0, 32), grown]),
    signature.subarray(0, 63),
    concatBytes([signature, new Uint8Array(1)]),
    new Uint8Array(),
  ]) {
    assert.equal(await verifySignature(publicKey, message, mutated), undefined);
  }
});

test('an RSA signature has exactly the length of the modulus', async () => {
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const publicKey = publicKeyOf(key.publicKey);
  for (const padding of [constants.RSA_PKCS1_PADDING, constants.RSA_PKCS1_PSS_PADDING]) {
    // A signature that begins with zero stays the same number when the zero is left out.
    let text = utf8Of('0');
    let signature = new Uint8Array([1]);
    for (let attempt = 0; signature[0] !== 0; attempt += 1) {
      text = utf8Of(`${attempt}`);
      signature = new Uint8Array(sign('sha256', text, { key: key.privateKey, padding }));
    }
    const hashes = { sha256: hashOf('sha256', text) };
    assert.notEqual(await verifyHashSignature(publicKey, hashes, signature), undefined);
    for (const mutated of [
      signature.subarray(1),
      concatBytes([new Uint8Array(1), signature]),
      new Uint8Array(256),
      new Uint8Array(),
    ]) {
      assert.equal(await verifyHashSignature(publicKey, hashes, mutated), undefined);
      assert.equal(await verifySignature(publicKey, text, mutated), undefined);
    }
  }
});

test('the padding of an RSA-PSS signature is checked to the last bit', async () => {
  for (const modulusLength of [2048, 2056]) {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength });
    const key = publicKeyOf(publicKey);
    const verdictsOn = async (block: Uint8Array): Promise<readonly unknown[]> => {
      const signature = new Uint8Array(privateEncrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, block));
      return [
        await verifySignature(key, message, signature),
        await verifyHashSignature(key, { sha256: hashOf('sha256', message) }, signature),
      ];
    };
    const name = 'RSA-PSS with SHA-256';
    assert.deepEqual(await verdictsOn(pssBlockOf(modulusLength)), [name, name]);
    assert.deepEqual(
      await verdictsOn(pssBlockOf(modulusLength, { separator: 2 })),
      [undefined, undefined],
      'separator',
    );
    assert.deepEqual(await verdictsOn(pssBlockOf(modulusLength, { trailer: 0xbd })), [undefined, undefined], 'trailer');
    // Small enough to be below any modulus: primes have their two top bits set.
    const small = Array.from({ length: 99 }, (_, salt) => pssBlockOf(modulusLength, { topBit: 0x80, salt })).find(
      (each) => (each[0] ?? 0) < 0x90,
    );
    assert.ok(small !== undefined);
    assert.deepEqual(await verdictsOn(small), [undefined, undefined], 'top bit');
  }
});

test('an Ed25519ph signature whose point is not reduced verifies nothing', async () => {
  const { secretKey, publicKey } = ed25519ph.keygen();
  const { scalar, pointBytes } = ed25519ph.utils.getExtendedPublicKey(secretKey);
  const { BASE, Fn } = ed25519ph.Point;
  const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes.toReversed()).toString('hex')}`);
  const prefix = concatBytes([utf8Of('SigEd25519 no Ed25519 collisions'), new Uint8Array([1, 0])]);
  const signatureOf = (mark: Uint8Array, r: bigint): Uint8Array => {
    const challenge = numberOf(hashOf('sha512', concatBytes([prefix, mark, pointBytes, hashOf('sha512', message)])));
    const s = (r + challenge * scalar) % Fn.ORDER;
    return concatBytes([mark, parseHex(s.toString(16).padStart(64, '0')).toReversed()]);
  };
  const key = parsePublicKey(concatBytes([parseHex('302a300506032b6570032100'), publicKey]));
  assert.equal(
    await verifySignature(key, message, signatureOf(BASE.multiply(12_345n).toBytes(), 12_345n)),
    'Ed25519ph',
  );
  // The neutral point, with p + 1 for its y.
  const unreduced = parseHex(`ee${'ff'.repeat(30)}7f`);
  assert.equal(await verifySignature(key, message, signatureOf(unreduced, 0n)), undefined);
});

test('no key verifies the signature of another', async () => {
  const others = algorithms.map((algorithm) => createKeyPair(algorithm).publicKey);
  for (const key of keys) {
    const signature = await signerOf(key).sign(message);
    for (const other of others) {
      assert.equal(await verifySignature(other, message, signature), undefined);
    }
  }
});

const orders = {
  'ecdsa-p256': 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  'ecdsa-p384': 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  'ecdsa-p521':
    0x1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
} as const;

function keyOf(algorithm: KeyAlgorithm): (typeof keys)[number] {
  const key = keys[algorithms.indexOf(algorithm)];
  assert.ok(key !== undefined);
  return key;
}

function paddingForSigning({ kind }: Scheme): object {
  return kind === 'rsa-pss' ? { padding: constants.RSA_PKCS1_PSS_PADDING } : {};
}

/** A non-negative INTEGER in DER. */
function integerOf(value: bigint): Uint8Array {
  const hex = value.toString(16);
  const bytes = parseHex(hex.length % 2 === 0 ? hex : `0${hex}`);
  const signed = (bytes[0] ?? 0) >= 0x80 ? concatBytes([new Uint8Array(1), bytes]) : bytes;
  return concatBytes([new Uint8Array([2, signed.length]), signed]);
}

function padded(integer: Uint8Array): Uint8Array {
  return concatBytes([new Uint8Array([2, integer.length - 1, 0]), integer.subarray(2)]);
}

function sequenceOf(content: Uint8Array): Uint8Array {
  const length = content.length < 0x80 ? [content.length] : [0x81, content.length];
  return concatBytes([new Uint8Array([0x30, ...length]), content]);
}

function derOf(r: Uint8Array, s: Uint8Array): Uint8Array {
  return sequenceOf(concatBytes([r, s]));
}

function headerOf(signature: Uint8Array): number {
  return signature[1] === 0x81 ? 3 : 2;
}

function partsOf(signature: Uint8Array): { readonly r: bigint; readonly s: bigint } {
  const at = headerOf(signature);
  const rLength = signature[at + 1] ?? 0;
  const number = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  return { r: number(signature.subarray(at + 2, at + 2 + rLength)), s: number(signature.subarray(at + 4 + rLength)) };
}

/** A PSS block for `message` with a salt of 32 bytes, right but for what is asked for. @source RFC 8017 section 9.1.1 */
function pssBlockOf(
  modulusLength: number,
  change: {
    readonly separator?: number;
    readonly trailer?: number;
    readonly topBit?: 0x80;
    readonly salt?: number;
  } = {},
): Uint8Array {
  const length = modulusLength / 8;
  const salt = new Uint8Array(32).fill(change.salt ?? 9);
  const stated = hashOf('sha256', concatBytes([new Uint8Array(8), hashOf('sha256', message), salt]));
  const data = concatBytes([new Uint8Array(length - 66), new Uint8Array([change.separator ?? 1]), salt]);
  const mask = concatBytes(
    Array.from({ length: Math.ceil(data.length / 32) }, (_, counter) =>
      hashOf('sha256', concatBytes([stated, new Uint8Array([0, 0, 0, counter])])),
    ),
  );
  const masked = data.map((byte, index) => byte ^ (mask[index] ?? 0));
  masked[0] = ((masked[0] ?? 0) & 0x7f) | (change.topBit ?? 0);
  return concatBytes([masked, stated, new Uint8Array([change.trailer ?? 0xbc])]);
}
