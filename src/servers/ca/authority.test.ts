import assert from 'node:assert/strict';
import { X509Certificate, randomBytes } from 'node:crypto';
import { test } from 'node:test';

import { createKeyPair } from '../../crypto/private-key.ts';
import { signerOf } from '../../crypto/signer.ts';
import type { Signer } from '../../crypto/signer.ts';
import { parseCertificate } from '../../formats/x509/certificate.ts';
import type { Certificate } from '../../formats/x509/certificate.ts';
import { nameTextOf } from '../../formats/x509/distinguished-name.ts';
import {
  authorityKeyIdOf,
  basicConstraintsOf,
  extendedKeyUsageOf,
  keyUsageOf,
  subjectKeyIdOf,
} from '../../formats/x509/extensions.ts';
import { issuanceFaultOf } from '../../verify/issuance.ts';
import { createCaChain, createTimestampChain } from './authority.ts';
import type { AuthorityOptions } from './authority.ts';

const signer = (): Signer => signerOf(createKeyPair('ecdsa-p256'));
const options: AuthorityOptions = {
  organization: 'example.test',
  isDevelopment: false,
  now: () => new Date('2026-03-01T12:00:00.900Z'),
  random: randomBytes,
};

const critical = (certificate: Certificate): readonly string[] =>
  certificate.extensions.filter(({ isCritical }) => isCritical).map(({ oid }) => oid);

function checkRoot(root: Certificate, name: string): void {
  assert.equal(nameTextOf(root.subject), name);
  assert.equal(issuanceFaultOf(root, root), undefined);
  assert.deepEqual([...(keyUsageOf(root) ?? [])], [5, 6]);
  assert.deepEqual(basicConstraintsOf(root), { isCa: true, pathLength: undefined });
  assert.equal(extendedKeyUsageOf(root), undefined);
  assert.deepEqual(critical(root), ['2.5.29.15', '2.5.29.19']);
  assert.equal(root.notAfter.toISOString(), '2036-02-27T12:00:00.000Z');
}

test('the chain for signing code is as Fulcio asks for it', async () => {
  const [root, intermediate] = [signer(), signer()];
  const chain = await createCaChain({ ...options, root, intermediate });
  const [issuing, top] = chain.map(parseCertificate);
  assert.ok(issuing !== undefined && top !== undefined);
  checkRoot(top, 'O=example.test, CN=code signing root');
  assert.equal(nameTextOf(issuing.subject), 'O=example.test, CN=code signing intermediate');
  assert.equal(issuanceFaultOf(issuing, top), undefined);
  assert.deepEqual([...(keyUsageOf(issuing) ?? [])], [5, 6]);
  assert.deepEqual(basicConstraintsOf(issuing), { isCa: true, pathLength: 0 });
  assert.deepEqual(extendedKeyUsageOf(issuing), ['1.3.6.1.5.5.7.3.3']);
  assert.deepEqual(authorityKeyIdOf(issuing), subjectKeyIdOf(top));
  assert.deepEqual(issuing.spki, intermediate.publicKey.spki);
  assert.equal(issuing.notAfter.toISOString(), '2029-02-28T12:00:00.000Z');
  // The clock of a new stack may be set right by an hour.
  assert.equal(issuing.notBefore.toISOString(), '2026-03-01T11:00:00.000Z');
});

test('the chain for timestamps ends in a leaf for that purpose alone, which is critical', async () => {
  const [root, leaf] = [signer(), signer()];
  const chain = await createTimestampChain({ ...options, root, leaf });
  const [stamping, top] = chain.map(parseCertificate);
  assert.ok(stamping !== undefined && top !== undefined);
  checkRoot(top, 'O=example.test, CN=timestamping root');
  assert.equal(nameTextOf(stamping.subject), 'O=example.test, CN=timestamping');
  assert.equal(issuanceFaultOf(stamping, top), undefined);
  assert.deepEqual([...(keyUsageOf(stamping) ?? [])], [0]);
  assert.equal(basicConstraintsOf(stamping), undefined);
  assert.deepEqual(extendedKeyUsageOf(stamping), ['1.3.6.1.5.5.7.3.8']);
  assert.deepEqual(critical(stamping), ['2.5.29.15', '2.5.29.37']);
  assert.deepEqual(authorityKeyIdOf(stamping), subjectKeyIdOf(top));
});

test('in development every subject says so', async () => {
  const development = { ...options, isDevelopment: true };
  const chains = [
    await createCaChain({ ...development, root: signer(), intermediate: signer() }),
    await createTimestampChain({ ...development, root: signer(), leaf: signer() }),
  ];
  for (const certificate of chains.flat().map((der) => new X509Certificate(der))) {
    assert.match(certificate.subject, /CN=DEVELOPMENT /);
  }
});

test('serial numbers are positive, of 20 bytes, whatever the randomness', async () => {
  for (const octet of [0, 0x7f, 0x80, 0xff]) {
    const random = (byteCount: number): Uint8Array => new Uint8Array(byteCount).fill(octet);
    const [der] = await createCaChain({ ...options, random, root: signer(), intermediate: signer() });
    const { serialNumber } = parseCertificate(der);
    assert.equal(serialNumber.length, 20);
    assert.equal((serialNumber[0] ?? 0) >> 6, 1);
  }
});
