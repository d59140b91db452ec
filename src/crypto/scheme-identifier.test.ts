import assert from 'node:assert/strict';
import { test } from 'node:test';

import { integer, oid, sequence, tagged } from '../../test/support/der-writer.ts';
import { hasCode } from '../../test/support/error-code.ts';
import { vectorCertificate } from '../../test/support/x509-vectors.ts';
import { parseHex } from '../base/bytes.ts';
import { keyDetailsOf, schemeOfKeyDetails } from './key-details.ts';
import { createKeyPair } from './private-key.ts';
import { parsePublicKey } from './public-key.ts';
import { signingSchemeOf, schemes } from './key-algorithm.ts';
import { encodeAlgorithmIdentifier, schemeOfAlgorithmIdentifier } from './scheme-identifier.ts';
import { verifyAtOnce } from './signature.ts';

const isUnsupported = hasCode('KEY_UNSUPPORTED');

test('the scheme that a certificate names is the one that verifies it', () => {
  const expected: Readonly<Record<string, string>> = {
    'p256-sha256': 'ECDSA P-256 with SHA-256',
    'p256-sha512': 'ECDSA P-256 with SHA-512',
    'p384-sha256': 'ECDSA P-384 with SHA-256',
    'p384-sha384': 'ECDSA P-384 with SHA-384',
    'p521-sha384': 'ECDSA P-521 with SHA-384',
    'p521-sha512': 'ECDSA P-521 with SHA-512',
    ed25519: 'Ed25519',
    'rsa-sha256': 'RSA PKCS#1 v1.5 with SHA-256',
    'rsa-sha384': 'RSA PKCS#1 v1.5 with SHA-384',
    'rsa-sha512': 'RSA PKCS#1 v1.5 with SHA-512',
    'pss-sha256': 'RSA-PSS with SHA-256',
    'pss-sha384': 'RSA-PSS with SHA-384',
    'pss-sha512': 'RSA-PSS with SHA-512',
  };
  for (const [kind, name] of Object.entries(expected)) {
    const key = parsePublicKey(vectorCertificate(`by-${kind}`).spki);
    const { signatureAlgorithm, tbs, signature } = vectorCertificate(`by-${kind}/good`);
    const scheme = schemeOfAlgorithmIdentifier(signatureAlgorithm, key);
    assert.equal(scheme.name, name);
    assert.equal(verifyAtOnce(scheme, key, tbs, signature), true, kind);
    assert.equal(verifyAtOnce(scheme, key, tbs.subarray(1), signature), false, kind);
  }
});

test('weak hashes, and parameters that are not the prescribed ones, are refused', () => {
  const [p256, rsa, ed25519] = (['ecdsa-p256', 'rsa', 'ed25519'] as const).map((each) => createKeyPair(each).publicKey);
  assert.ok(p256 !== undefined && rsa !== undefined && ed25519 !== undefined);
  const refused = (hex: string, key: typeof rsa): void => {
    assert.throws(() => schemeOfAlgorithmIdentifier(parseHex(hex), key), isUnsupported, hex);
  };
  for (const kind of ['bad-pss-salt', 'bad-pss-mask']) {
    const { signatureAlgorithm } = vectorCertificate(`by-${kind}/good`);
    assert.throws(() => schemeOfAlgorithmIdentifier(signatureAlgorithm, rsa), isUnsupported, kind);
  }
  refused('300906072a8648ce3d0401', p256);
  refused('300c06082a8648ce3d0403020500', p256);
  refused('300b06092a864886f70d01010b', rsa);
  refused('300d06092a864886f70d0101050500', rsa);
  refused('300b06092a864886f70d01010a', rsa);
  refused('300706032b65700500', ed25519);
  assert.equal(schemeOfAlgorithmIdentifier(parseHex('300a06082a8648ce3d040302'), p256).hash, 'sha256');
  assert.throws(
    () => schemeOfAlgorithmIdentifier(parseHex('300a06082a8648ce3d04030200'), p256),
    hasCode('DER_MALFORMED'),
  );
});

test('RSA-PSS whose parameters fall back on SHA-1 is refused', () => {
  const rsa = createKeyPair('rsa').publicKey;
  assert.throws(() => schemeOfAlgorithmIdentifier(parseHex('300d06092a864886f70d01010a3000'), rsa), isUnsupported);
});

test('RSA-PSS has one hash for message and mask, and a salt of its length', () => {
  const rsa = createKeyPair('rsa').publicKey;
  const [sha256, sha512, mgf1] = [
    sequence(oid('2.16.840.1.101.3.4.2.1')),
    sequence(oid('2.16.840.1.101.3.4.2.3')),
    oid('1.2.840.113549.1.1.8'),
  ];
  const read = (...members: readonly Uint8Array[]): string =>
    schemeOfAlgorithmIdentifier(sequence(oid('1.2.840.113549.1.1.10'), sequence(...members)), rsa).name;
  const [hash, mask, salt] = [tagged(0, sha256), tagged(1, sequence(mgf1, sha256)), tagged(2, integer(32))];
  assert.equal(read(hash, mask, salt), 'RSA-PSS with SHA-256');
  const wrong: readonly (readonly Uint8Array[])[] = [
    [hash, mask],
    [mask, salt],
    [hash, salt],
    [tagged(0, sha512), mask, salt],
    [hash, tagged(1, sequence(mgf1, sha512)), salt],
    [hash, tagged(1, sequence(oid('1.2.3'), sha256)), salt],
    [hash, mask, tagged(2, integer(31))],
    [hash, mask, tagged(2, integer(64))],
  ];
  for (const members of wrong) assert.throws(() => read(...members), isUnsupported);
  assert.throws(() => read(hash, mask, salt, tagged(3, integer(1))), hasCode('DER_MALFORMED'));
});

test('a scheme of another kind of key is refused, and verifies nothing', () => {
  const rsa = createKeyPair('rsa').publicKey;
  const { signatureAlgorithm } = vectorCertificate('by-p256-sha256/good');
  assert.throws(() => schemeOfAlgorithmIdentifier(signatureAlgorithm, rsa), isUnsupported);
  const p256 = createKeyPair('ecdsa-p256').publicKey;
  const byRsa = vectorCertificate('by-rsa-sha256/good').signatureAlgorithm;
  assert.throws(() => schemeOfAlgorithmIdentifier(byRsa, p256), isUnsupported);
  const key = parsePublicKey(vectorCertificate('by-rsa-sha256').spki);
  const { tbs, signature } = vectorCertificate('by-rsa-sha256/good');
  assert.equal(verifyAtOnce(schemeOfKeyDetails('PKIX_ECDSA_P256_SHA_256').scheme, key, tbs, signature), false);
  assert.equal(verifyAtOnce(schemeOfKeyDetails('PKIX_RSA_PKCS1V15_2048_SHA256').scheme, key, tbs, signature), true);
});

test('what a trusted root calls a key gives its scheme, size and encoding', () => {
  assert.deepEqual(schemeOfKeyDetails('PKIX_ECDSA_P384_SHA_384').scheme.name, 'ECDSA P-384 with SHA-384');
  assert.deepEqual(schemeOfKeyDetails('PKIX_ECDSA_P384_SHA_256').scheme.name, 'ECDSA P-384 with SHA-256');
  assert.deepEqual(schemeOfKeyDetails('PKIX_ED25519_PH').scheme.name, 'Ed25519ph');
  assert.equal(schemeOfKeyDetails('PKIX_RSA_PSS_3072_SHA256').rsaBits, 3072);
  assert.equal(schemeOfKeyDetails('PKCS1_RSA_PKCS1V5').encoding, 'pkcs1');
  for (const name of ['', 'toString', 'PKIX_ECDSA_P256_HMAC_SHA_256', 'LMS_SHA256', 'pkix_ed25519']) {
    assert.throws(() => schemeOfKeyDetails(name), isUnsupported, name);
  }
});

test('the name for a key is one that its scheme is found by', () => {
  for (const algorithm of ['ecdsa-p256', 'ecdsa-p384', 'ecdsa-p521', 'ed25519', 'rsa'] as const) {
    const { publicKey } = createKeyPair(algorithm);
    assert.equal(schemeOfKeyDetails(keyDetailsOf(publicKey)).scheme.algorithm, algorithm);
  }
});

test('what a key signs by is written as it is read, and as OpenSSL writes it', () => {
  for (const algorithm of ['ecdsa-p256', 'ecdsa-p384', 'ecdsa-p521', 'ed25519', 'rsa'] as const) {
    const scheme = signingSchemeOf(algorithm);
    const { publicKey } = createKeyPair(algorithm);
    assert.deepEqual(schemeOfAlgorithmIdentifier(encodeAlgorithmIdentifier(scheme), publicKey), scheme);
  }
  const { 'ecdsa-p384': p384, 'rsa-pkcs1': pkcs1 } = schemes;
  for (const [name, scheme] of Object.entries({
    'p384-sha384': p384.sha384,
    'rsa-sha512': pkcs1.sha512,
    ed25519: schemes.ed25519,
  })) {
    const { signatureAlgorithm } = vectorCertificate(`by-${name}/good`);
    assert.deepEqual(Buffer.from(encodeAlgorithmIdentifier(scheme)), Buffer.from(signatureAlgorithm), name);
  }
});

test('nothing is written for a scheme by which nothing is signed here', () => {
  assert.throws(() => encodeAlgorithmIdentifier(schemes['rsa-pss'].sha256), isUnsupported);
  assert.throws(() => encodeAlgorithmIdentifier(schemes.ed25519ph), isUnsupported);
});
