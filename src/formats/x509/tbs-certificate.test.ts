import assert from 'node:assert/strict';
import { X509Certificate, createHash } from 'node:crypto';
import { test } from 'node:test';

import fc from 'fast-check';

import { encodeCertificate } from '../../../test/support/virtual-sigstore/virtual-certificate.ts';
import {
  authorityKeyId,
  basicConstraints,
  extendedKeyUsage,
  keyPurposes as purposes,
  keyUsage,
  subjectKeyId,
} from '../../../test/support/virtual-sigstore/virtual-certificate.ts';
import { createVirtualKey } from '../../../test/support/virtual-sigstore/virtual-key.ts';
import { concatBytes } from '../../base/bytes.ts';
import { createKeyPair } from '../../crypto/private-key.ts';
import { signerOf } from '../../crypto/signer.ts';
import { parseCertificate } from './certificate.ts';
import { encodeName } from './distinguished-name.ts';
import {
  basicConstraintsOf,
  encodeAuthorityKeyId,
  encodeBasicConstraints,
  encodeExtendedKeyUsage,
  encodeExtension,
  encodeKeyUsage,
  encodeSubjectKeyId,
  keyPurposes,
  keyUsages,
} from './extensions.ts';
import { keyIdentifierOf } from './key-identifier.ts';
import { encodeTbs, signCertificate } from './tbs-certificate.ts';
import type { TbsCertificate } from './tbs-certificate.ts';

const { spki } = createVirtualKey();
const key = createKeyPair('ecdsa-p256');
const signer = signerOf(key);
const keyId = createHash('sha256').update(spki).digest().subarray(0, 20);
const name = encodeName('example.test', 'root');

const plain: TbsCertificate = {
  serialNumber: Uint8Array.of(1, 2, 3),
  issuer: name,
  subject: name,
  notBefore: new Date('2026-01-02T03:04:05Z'),
  notAfter: new Date('2036-01-02T03:04:05Z'),
  spki,
  extensions: [encodeBasicConstraints()],
};

test('what is signed is the same, byte for byte, as another writer makes it', async () => {
  const extensions = [
    encodeKeyUsage(keyUsages.keyCertSign, keyUsages.crlSign),
    encodeExtendedKeyUsage(keyPurposes.codeSigning, false),
    encodeExtendedKeyUsage(keyPurposes.timeStamping, true),
    encodeBasicConstraints(0),
    encodeSubjectKeyId(keyId),
    encodeAuthorityKeyId(keyId),
  ];
  const own = await signCertificate({ ...plain, extensions }, signer);
  const privateKey = key.keyObject;
  const other = encodeCertificate(
    {
      notBefore: plain.notBefore,
      notAfter: plain.notAfter,
      spki,
      issuer: Buffer.from(name),
      subject: Buffer.from(name),
      serialNumber: Buffer.from([1, 2, 3]),
      extensions: [
        keyUsage(5, 6),
        extendedKeyUsage([purposes.codeSigning]),
        extendedKeyUsage([purposes.timeStamping], true),
        basicConstraints(true, 0),
        subjectKeyId(spki),
        authorityKeyId(spki),
      ],
    },
    { kind: 'p256', privateKey, spki: Buffer.from(key.publicKey.spki) },
  );
  // The signatures differ.
  const tbs = Buffer.from(encodeTbs({ ...plain, extensions }, key.publicKey));
  assert.equal(Buffer.from(own).includes(tbs), true);
  assert.equal(other.includes(tbs), true);
});

test('whoever holds the key of any kind signs a certificate that OpenSSL verifies', async () => {
  for (const algorithm of ['ecdsa-p256', 'ecdsa-p384', 'ecdsa-p521', 'ed25519', 'rsa'] as const) {
    const issuer = createKeyPair(algorithm);
    const certificate = new X509Certificate(await signCertificate(plain, signerOf(issuer)));
    assert.equal(certificate.verify(issuer.publicKey.keyObject), true, algorithm);
  }
});

test('a year from 2050 has four digits', async () => {
  for (const notAfter of [new Date('2049-12-31T23:59:59Z'), new Date('2050-01-01T00:00:00Z')]) {
    const der = await signCertificate({ ...plain, notAfter }, signer);
    assert.deepEqual(parseCertificate(der).notAfter, notAfter);
    assert.equal(new X509Certificate(der).validToDate.getTime(), notAfter.getTime());
  }
});

test('a certificate is read as it was written', async () => {
  const instants = fc
    .date({ min: new Date('1950-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
    .map((date) => new Date(Math.floor(date.getTime() / 1000) * 1000));
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 19 });
  await fc.assert(
    fc.asyncProperty(
      bytes,
      instants,
      instants,
      fc.boolean(),
      fc.uint8Array({ maxLength: 400 }),
      fc.option(fc.nat({ max: 70_000 }), { nil: undefined }),
      async (serial, notBefore, notAfter, isCritical, value, pathLength) => {
        const serialNumber = concatBytes([Uint8Array.of(1), serial]);
        const extensions = [
          encodeBasicConstraints(pathLength),
          encodeExtension({ oid: '1.3.6.1.4.1.57264.99', isCritical, value }),
        ];
        const der = await signCertificate({ ...plain, serialNumber, notBefore, notAfter, extensions }, signer);
        const read = parseCertificate(der);
        assert.deepEqual(Buffer.from(read.serialNumber), Buffer.from(serialNumber));
        assert.deepEqual([read.notBefore, read.notAfter], [notBefore, notAfter]);
        assert.deepEqual(basicConstraintsOf(read), { isCa: true, pathLength });
        const { isCritical: wasCritical, value: readValue } = read.extensions[1] ?? {};
        assert.deepEqual([wasCritical, Buffer.from(readValue ?? [])], [isCritical, Buffer.from(value)]);
      },
    ),
    { numRuns: 200 },
  );
});

test('a key is named by the SHA-1 of its bits', () => {
  const { publicKey } = createKeyPair('ecdsa-p256');
  const point = publicKey.spki.subarray(-65);
  assert.deepEqual(Buffer.from(keyIdentifierOf(publicKey.spki)), createHash('sha1').update(point).digest());
});
