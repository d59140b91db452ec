import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../test/support/error-code.ts';
import { createAuthority, issueTimestampLeaf } from '../../test/support/virtual-sigstore/virtual-authority.ts';
import type { VirtualAuthority } from '../../test/support/virtual-sigstore/virtual-authority.ts';
import {
  authorityKeyId,
  basicConstraints,
  createSerialNumber,
  distinguishedName,
  encodeCertificate,
  keyUsage,
  subjectKeyId,
} from '../../test/support/virtual-sigstore/virtual-certificate.ts';
import { createVirtualKey } from '../../test/support/virtual-sigstore/virtual-key.ts';
import type { VirtualKey } from '../../test/support/virtual-sigstore/virtual-key.ts';
import { limits } from '../base/limits.ts';
import { parseCertificate } from '../formats/x509/certificate.ts';
import type { Certificate } from '../formats/x509/certificate.ts';
import { certificateAuthorityOf, timestampAuthorityOf } from './authority.ts';
import { ownAuthoritiesOf, ownCertificatesOf, ownTimestampAuthoritiesOf } from './own-authorities.ts';
import type { OwnCertificates } from './own-authorities.ts';

const now = new Date('2026-03-01T12:00:00Z');
const codeSigning = { uri: 'ca', purpose: 'codeSigning', now, keyKind: 'p256' } as const;
const acme = createAuthority({ ...codeSigning, organization: 'acme' });
const other = createAuthority({ ...codeSigning, organization: 'other' });
// The same names as acme's, and other keys, as after an exchange of keys.
const renewed = createAuthority({ ...codeSigning, organization: 'acme' });

const certificatesOf = ({ chain }: VirtualAuthority): readonly [Certificate, Certificate] => {
  const [intermediate, root] = chain.map((der) => parseCertificate(der));
  assert.ok(intermediate !== undefined && root !== undefined);
  return [intermediate, root];
};
const [intermediate, root] = certificatesOf(acme);
const [renewedIntermediate, renewedRoot] = certificatesOf(renewed);

/** An authority with this name and key, issued by the holder of another name and key. */
function cross(subject: string, key: VirtualKey, issuer: string, issuerKey: VirtualKey): Certificate {
  const plan = {
    issuer: distinguishedName('mesh', issuer),
    subject: distinguishedName('mesh', subject),
    notBefore: now,
    notAfter: new Date('2030-01-01T00:00:00Z'),
    spki: key.spki,
    serialNumber: createSerialNumber(),
    extensions: [keyUsage(5), basicConstraints(true), subjectKeyId(key.spki), authorityKeyId(issuerKey.spki)],
  };
  return parseCertificate(encodeCertificate(plan, issuerKey));
}

/** Each chain by the certificates it is made of, all of which hold. */
function chainsOf(own: OwnCertificates): readonly (readonly Uint8Array[])[] {
  const authorities = ownAuthoritiesOf(own, 'ca.pem');
  authorities.forEach(certificateAuthorityOf);
  return authorities.map(({ chain }) => chain);
}

test('a root alone is an authority, and so is each certificate that it vouches for', () => {
  assert.deepEqual(chainsOf({ roots: [root], others: [] }), [[root.der]]);
  assert.deepEqual(chainsOf({ roots: [root], others: [intermediate] }), [[root.der], [intermediate.der, root.der]]);
});

test('an authority is called by its file, and valid as long as its root', () => {
  const [, authority] = ownAuthoritiesOf({ roots: [root], others: [intermediate] }, 'ca.pem');
  assert.equal(authority?.uri, 'ca.pem');
  assert.deepEqual(authority?.validFor, { start: root.notBefore, end: root.notAfter });
});

test('names are not enough: an authority stands below the root whose key signed it', () => {
  const own = { roots: [renewedRoot, root], others: [intermediate, renewedIntermediate] };
  assert.deepEqual(chainsOf(own), [
    [renewedRoot.der],
    [root.der],
    [renewedIntermediate.der, renewedRoot.der],
    [intermediate.der, root.der],
  ]);
});

test('certificates that no root vouches for are not believed', () => {
  assert.deepEqual(chainsOf({ roots: [root], others: [...certificatesOf(other), renewedIntermediate] }), [[root.der]]);
});

test('a root need not have issued itself: whatever is given as root is the end of the chain', () => {
  assert.deepEqual(chainsOf({ roots: [intermediate], others: [root] }), [[intermediate.der]]);
});

test('in one file, those that issued themselves are roots; without any, the last', () => {
  assert.deepEqual(ownCertificatesOf([intermediate, root]), { roots: [root], others: [intermediate] });
  assert.deepEqual(ownCertificatesOf([root, intermediate]), { roots: [root], others: [intermediate] });
  assert.deepEqual(ownCertificatesOf([renewedIntermediate, intermediate]), {
    roots: [intermediate],
    others: [renewedIntermediate],
  });
});

test('a certificate given twice counts once, and authorities that vouch for each other end somewhere', () => {
  const [rootKey, a, b] = [createVirtualKey(), createVirtualKey(), createVirtualKey()];
  const meshRoot = cross('root', rootKey, 'root', rootKey);
  const others = [cross('a', a, 'root', rootKey), cross('a', a, 'b', b), cross('b', b, 'a', a)];
  const chains = chainsOf({ roots: [meshRoot, meshRoot], others: [...others, ...others] });
  // root; a under it; b under a; and a once more under b, by its other certificate.
  assert.deepEqual(
    chains.map(({ length }) => length),
    [1, 2, 3, 4],
  );
});

test('too many ways up are refused before they are walked', () => {
  const keys = Array.from({ length: 6 }, () => createVirtualKey());
  const [rootKey] = keys;
  assert.ok(rootKey !== undefined);
  const roots = [cross('0', rootKey, '0', rootKey)];
  const others = keys.flatMap((key, index) =>
    keys.flatMap((issuer, by) => (by === index ? [] : [cross(`${index}`, key, `${by}`, issuer)])),
  );
  const begun = performance.now();
  assert.throws(() => ownAuthoritiesOf({ roots, others }, 'mesh.pem'), hasCode('TRUSTED_ROOT_MALFORMED'));
  assert.ok(performance.now() - begun < 5000);
  assert.ok(others.length < limits.trustedServices);
});

const stamping = createAuthority({ ...codeSigning, organization: 'stamps', purpose: 'timeStamping' });
const stamps = certificatesOf(stamping);
const leaf = parseCertificate(issueTimestampLeaf(stamping, createVirtualKey().spki, now).certificate);

test('a timestamp authority begins with the certificate that signs, wherever it stands in the file', () => {
  for (const file of [
    [leaf, ...stamps],
    [...stamps, leaf],
  ]) {
    const [authority, ...more] = ownTimestampAuthoritiesOf(ownCertificatesOf(file), 'tsa.pem');
    assert.ok(authority !== undefined && more.length === 0);
    assert.deepEqual(timestampAuthorityOf(authority).leaf?.der, leaf.der);
    assert.deepEqual(
      authority.chain.slice(1),
      stamps.map(({ der }) => der),
    );
  }
});

test('without it every way to the root is a timestamp authority', () => {
  const authorities = ownTimestampAuthoritiesOf(ownCertificatesOf(stamps), 'tsa.pem').map(timestampAuthorityOf);
  assert.deepEqual(
    authorities.map(({ leaf: signing, issuers }) => [signing, issuers.length]),
    [
      [undefined, 1],
      [undefined, 2],
    ],
  );
});

test('a certificate that signs timestamps and that no root vouches for is refused', () => {
  assert.throws(
    () => ownTimestampAuthoritiesOf(ownCertificatesOf([leaf, root]), 'tsa.pem'),
    hasCode('TRUSTED_ROOT_MALFORMED'),
  );
});
