import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../test/support/error-code.ts';
import { artifact, sigstore } from '../../test/support/explained.ts';
import { generalName } from '../../test/support/virtual-sigstore/virtual-certificate.ts';
import type { LeafRequest } from '../../test/support/virtual-sigstore/virtual-authority.ts';
import { createVirtualKey } from '../../test/support/virtual-sigstore/virtual-key.ts';
import { certificateDescriptionOf, keyDescriptionOf } from './explain-certificate.ts';
import type { CertificateDescription } from './explain-certificate.ts';

function describe(certificate: Partial<Omit<LeafRequest, 'spki'>>): CertificateDescription {
  const der = sigstore.sign({ content: { artifact }, certificate }).certificate;
  return certificateDescriptionOf([der ?? new Uint8Array()]);
}

function broken(oid: string): Partial<LeafRequest> {
  const value = Buffer.from([0x0c, 0x05, 0x61]);
  return { changes: { extensions: (usual) => usual.map((each) => (each.oid === oid ? { ...each, value } : each)) } };
}

test('whom it names, and by whose word', () => {
  const { names, faults, issuerName, chainLength, key } = describe({ claims: { 12: 'https://github.com/acme/app' } });
  assert.deepEqual(names.subjects, ['dev@example.test']);
  assert.equal(names.issuer, 'https://issuer.example.test');
  assert.equal(names.extensions.get('sourceRepositoryUri'), 'https://github.com/acme/app');
  assert.deepEqual([faults, issuerName, chainLength], [[], 'O=virtual sigstore, CN=intermediate', 1]);
  assert.equal(key.kind === 'key' && key.algorithm, 'ecdsa-p256');
});

test('an extension that cannot be read is told as such, beside all others', () => {
  const claims = { 12: 'https://github.com/acme/app', 14: 'refs/heads/main' };
  const { names, faults } = describe({ claims, ...broken('1.3.6.1.4.1.57264.1.12') });
  assert.deepEqual(
    faults.map(({ part }) => part),
    ['sourceRepositoryUri'],
  );
  assert.deepEqual([...names.extensions.keys()], ['issuer', 'issuerV2', 'sourceRepositoryRef']);
  assert.deepEqual(names.subjects, ['dev@example.test']);
});

test('subjects that cannot be read, or are too long, leave the rest', () => {
  const long = { names: [generalName.uri(`https://example.test/${'a'.repeat(8192)}`)] };
  for (const certificate of [broken('2.5.29.17'), long]) {
    const { names, faults } = describe(certificate);
    assert.deepEqual([names.subjects, faults.map(({ part }) => part)], [[], ['subjectAlternativeName']]);
    assert.equal(names.issuer, 'https://issuer.example.test');
  }
});

test('two issuers that differ are a fault', () => {
  const { faults } = describe({ claims: { 1: 'https://other.example.test' } });
  assert.deepEqual(
    faults.map(({ part }) => part),
    ['issuer'],
  );
});

test('what is no certificate, or no key, throws', () => {
  assert.throws(() => certificateDescriptionOf([]), hasCode('CERTIFICATE_MALFORMED'));
  assert.throws(() => keyDescriptionOf(Buffer.from('no key')), hasCode('PEM_MALFORMED'));
  assert.equal(keyDescriptionOf(createVirtualKey('ed25519').spki).algorithm, 'ed25519');
});
