/** Attacks on certificates, on the names in them, and on timestamps; the official TypeScript verifier lets some of them
 *  through. */

import { oid, sequence, taggedString, tagged } from '../support/der-writer.ts';
import { artifact, message, sigstore, stamped } from '../support/virtual-sigstore/attack-cases.ts';
import type { AttackCase, AttackTables } from '../support/virtual-sigstore/attack-cases.ts';
import { usualIdentity } from '../support/virtual-sigstore/judgement.ts';
import { createAuthority } from '../support/virtual-sigstore/virtual-authority.ts';
import type { VirtualAuthority } from '../support/virtual-sigstore/virtual-authority.ts';
import {
  basicConstraints,
  extendedKeyUsage,
  extensionOids,
  generalName,
  keyPurposes,
} from '../support/virtual-sigstore/virtual-certificate.ts';
import type { CertificateChanges, VirtualExtension } from '../support/virtual-sigstore/virtual-certificate.ts';
import { createVirtualKey, digestOf } from '../support/virtual-sigstore/virtual-key.ts';
import type { BundleJson, SignRequest } from '../support/virtual-sigstore/virtual-sigstore.ts';
import { createTimestampAuthority } from '../support/virtual-sigstore/virtual-timestamp-authority.ts';
import { authorityJsonOf } from '../support/virtual-sigstore/virtual-trusted-root.ts';
import { exactly } from '../../src/verify/policy.ts';

const { now, authority, rekorV1, timestampAuthority } = sigstore;

type ExtensionChange = NonNullable<CertificateChanges['extensions']>;

const leafWith = (extensions: ExtensionChange): Partial<SignRequest> => ({
  certificate: { changes: { extensions } },
});
const withPurpose = (...purposes: readonly string[]): ExtensionChange => replacing(extendedKeyUsage(purposes, true));

const constrained = createAuthority({
  uri: 'https://constrained.virtual.test',
  organization: 'constrained',
  purpose: 'codeSigning',
  now,
  intermediate: { extensions: (usual) => [...usual, permittedDomain('example.test')] },
});
const rootOnly: NonNullable<AttackCase['trust']> = (root) =>
  root.certificateAuthorities.forEach((each) => each.certChain.certificates.shift());
const intermediateOnly: NonNullable<AttackCase['trust']> = (root) =>
  root.certificateAuthorities.forEach((each) => each.certChain.certificates.pop());

/** The trusted authority's name, and a key of its own. */
const namesake: VirtualAuthority = { ...authority, key: createVirtualKey('p384') };

/** Sets its intermediate no limit of authorities below. */
const unlimited = createAuthority({
  uri: 'https://unlimited.virtual.test',
  organization: 'unlimited',
  purpose: 'codeSigning',
  now,
  intermediate: { extensions: replacing(basicConstraints(true)) },
});
/** Was given a certificate, and now gives some: nothing in it but the missing constraint forbids that. */
const signer = sigstore.sign({
  ...message,
  certificate: { authority: unlimited, changes: { extensions: without(extensionOids.keyUsage) } },
});
const signerAsAuthority: VirtualAuthority = { ...unlimited, key: signer.key, subject: sequence() };

const expecting = (text: string): NonNullable<AttackCase['policy']> => ({
  signer: {
    kind: 'identities',
    identities: [usualIdentity, { ...usualIdentity, subject: exactly(text) }],
    sct: { kind: 'required' },
  },
});
const named = (name: Buffer, text: string): Pick<AttackCase, 'bad' | 'policy'> => ({
  bad: { certificate: { names: [name] } },
  policy: expecting(text),
});

const certificates: readonly AttackCase[] = [
  {
    name: 'a certificate for clients',
    bad: leafWith(withPurpose(keyPurposes.clientAuth)),
    outcome: 'certificate.usage',
  },
  {
    name: 'a certificate for no purpose',
    bad: leafWith(without(extensionOids.extendedKeyUsage)),
    outcome: 'certificate.usage',
  },
  {
    name: 'a certificate of an authority',
    bad: leafWith((usual) => [...usual, basicConstraints(true)]),
    outcome: 'certificate.usage',
  },
  {
    name: 'a critical extension that nobody knows',
    bad: leafWith((usual) => [...usual, { oid: '1.2.3.4', isCritical: true, value: sequence() }]),
    outcome: 'certificate.extensions',
  },
  {
    name: 'a name that the authority may not give',
    good: { ...message, certificate: { authority: constrained } },
    bad: { certificate: { authority: constrained, names: [generalName.email('dev@elsewhere.test')] } },
    trust: (root) => root.certificateAuthorities.push(authorityJsonOf(constrained, 'intermediate', now)),
    policy: expecting('dev@elsewhere.test'),
    outcome: 'certificate.extensions',
  },
  {
    name: 'a certificate of an authority of the same name',
    bad: {
      certificate: { authority: namesake, changes: { extensions: without(extensionOids.authorityKeyId) } },
    },
    outcome: 'certificate.chain',
  },
  {
    name: 'a certificate that another signer issued',
    good: { ...message, bundleVersion: '0.1' },
    bad: { certificate: { authority: signerAsAuthority } },
    bundle: withChain(signer.certificate ?? Buffer.alloc(0)),
    trust: (root) => root.certificateAuthorities.push(authorityJsonOf(unlimited, 'intermediate', now)),
    outcome: 'certificate.chain',
  },
  {
    name: 'another signature algorithm outside than inside',
    bundle: onCertificate((certificate) => {
      certificate[certificate.lastIndexOf(oid('1.2.840.10045.4.3.3')) + 9] = 4;
      return certificate;
    }),
    outcome: 'certificate.parse',
  },
  {
    name: 'bytes after the certificate',
    bundle: onCertificate((certificate) => Buffer.concat([certificate, Buffer.from([5, 0])])),
    outcome: 'certificate.parse',
  },
  {
    name: 'a chain with the root in it',
    good: { ...message, bundleVersion: '0.1' },
    bundle: withChain(...authority.chain),
    outcome: 'verified',
  },
  {
    name: 'a chain of a bundle 0.3',
    bundle: ({ verificationMaterial: material }) => {
      material.x509CertificateChain = {
        certificates: material.certificate === undefined ? [] : [material.certificate],
      };
      delete material.certificate;
    },
    outcome: 'BUNDLE_MALFORMED',
  },
  {
    name: 'an intermediate that came with the signature, where the root is trusted',
    good: { ...message, bundleVersion: '0.1' },
    bundle: withChain(...authority.chain.slice(0, 1)),
    attackedTrust: rootOnly,
    outcome: 'verified',
  },
  { name: 'an intermediate as the one trust anchor', attackedTrust: intermediateOnly, outcome: 'verified' },
  { name: 'no intermediate, where only the root is trusted', attackedTrust: rootOnly, outcome: 'certificate.chain' },
];

const stampedBy = (leaf: CertificateChanges): Pick<AttackCase, 'bad' | 'trust' | 'good'> => {
  const tsa = createTimestampAuthority({ uri: 'https://other-tsa.virtual.test', organization: 'other', now, leaf });
  return {
    good: stamped,
    bad: { timestamps: [{ authority: tsa }] },
    trust: (root) => root.timestampAuthorities.push(authorityJsonOf(tsa, 'timestamping', now)),
  };
};

const timestamps: readonly AttackCase[] = [
  {
    name: 'a timestamp by a certificate for no purpose',
    ...stampedBy({ extensions: without(extensionOids.extendedKeyUsage) }),
    outcome: 'timestamp.certificate',
  },
  {
    name: 'a timestamp by a certificate for timestamps and more',
    ...stampedBy({ extensions: withPurpose(keyPurposes.timeStamping, keyPurposes.codeSigning) }),
    outcome: 'timestamp.certificate',
  },
  {
    name: 'a timestamp by a certificate that does not insist on its purpose',
    ...stampedBy({ extensions: replacing(extendedKeyUsage([keyPurposes.timeStamping], false)) }),
    outcome: 'timestamp.certificate',
  },
  {
    name: 'a timestamp by a certificate that had expired',
    ...stampedBy({ notAfter: new Date(now.getTime() - 1000) }),
    outcome: 'timestamp.certificate',
  },
  {
    name: 'an answer that refuses',
    good: stamped,
    bad: { timestamps: [{ authority: timestampAuthority, status: 2 }] },
    outcome: 'timestamp.token',
  },
  {
    name: 'a timestamp over another signature',
    good: stamped,
    bad: { timestamps: [{ authority: timestampAuthority, stamped: Buffer.from('another') }] },
    outcome: 'timestamp.imprint',
  },
  {
    name: 'a timestamp over the artifact instead of its signature',
    good: stamped,
    bad: { timestamps: [{ authority: timestampAuthority, stamped: artifact }] },
    outcome: 'timestamp.imprint',
  },
  {
    name: 'attributes about another timestamp',
    good: stamped,
    bad: { timestamps: [{ authority: timestampAuthority, messageDigest: digestOf('sha384', artifact) }] },
    outcome: 'timestamp.signature',
  },
  {
    name: 'a timestamp by another key',
    good: stamped,
    bad: { timestamps: [{ authority: timestampAuthority, signingKey: createVirtualKey('p384') }] },
    outcome: 'timestamp.signature',
  },
  {
    name: 'a timestamp from before the certificate',
    good: stamped,
    bad: { timestamps: [{ authority: timestampAuthority, at: new Date(now.getTime() - 1000) }] },
    outcome: 'certificate.time',
  },
  {
    name: 'a timestamp from after the certificate, beside a log that took it in time',
    good: { ...stamped, entries: [{ log: rekorV1 }] },
    bad: { timestamps: [{ authority: timestampAuthority, at: new Date(now.getTime() + 900_000) }] },
    policy: { now: new Date(now.getTime() + 3_600_000) },
    outcome: 'certificate.time',
  },
  {
    name: 'a log that took it after the certificate, beside a timestamp in time',
    good: { ...stamped, entries: [{ log: rekorV1 }] },
    bad: { entries: [{ log: rekorV1, integratedTime: new Date(now.getTime() + 900_000) }] },
    policy: { now: new Date(now.getTime() + 3_600_000) },
    outcome: 'certificate.time',
  },
  {
    name: 'a timestamp from the future',
    good: stamped,
    bad: { timestamps: [{ authority: timestampAuthority, at: new Date(now.getTime() + 3_600_000) }] },
    outcome: 'timestamp',
  },
  {
    name: 'bytes after the timestamp',
    good: stamped,
    bundle: onTimestamp((stamp) => Buffer.concat([stamp, Buffer.from([5, 0])])),
    outcome: 'timestamp.token',
  },
];

const identities: readonly AttackCase[] = [
  {
    name: 'a longer name',
    bad: { certificate: { names: [generalName.email('dev@example.test.evil.test')] } },
    outcome: 'identity',
  },
  {
    name: 'a name in another case',
    bad: { certificate: { names: [generalName.email('Dev@example.test')] } },
    outcome: 'identity',
  },
  {
    name: 'another issuer',
    bad: { certificate: { issuer: 'https://issuer.example.test.evil.test' } },
    outcome: 'identity',
  },
  { name: 'no name', bad: { certificate: { names: [] } }, outcome: 'identity' },
  {
    name: 'an address',
    ...named(generalName.uri('https://ci.test/flow'), 'https://ci.test/flow'),
    outcome: 'verified',
  },
  { name: 'a host name', ...named(generalName.dns('build.test'), 'build.test'), outcome: 'verified' },
  { name: 'an IP address', ...named(generalName.ip(Buffer.from([192, 0, 2, 7])), '192.0.2.7'), outcome: 'verified' },
  { name: 'a user name', ...named(generalName.other('dev!example.test'), 'dev!example.test'), outcome: 'verified' },
];

/** By what is attacked. */
export const attacksOnCertificates: AttackTables = {
  certificate: certificates,
  timestamp: timestamps,
  identity: identities,
};

function replacing(extension: VirtualExtension): ExtensionChange {
  return (usual) => usual.map((each) => (each.oid === extension.oid ? extension : each));
}

function without(unwanted: string): ExtensionChange {
  return (usual) => usual.filter((each) => each.oid !== unwanted);
}

/** NameConstraints with one permitted subtree of e-mail addresses. */
function permittedDomain(domain: string): VirtualExtension {
  const subtrees = tagged(0, sequence(taggedString(1, Buffer.from(domain))));
  return { oid: extensionOids.nameConstraints, isCritical: true, value: sequence(subtrees) };
}

function onCertificate(change: (certificate: Buffer) => Buffer): (bundle: BundleJson) => void {
  return ({ verificationMaterial: { certificate } }) => {
    if (certificate !== undefined) certificate.rawBytes = changedBase64(certificate.rawBytes, change);
  };
}

function onTimestamp(change: (stamp: Buffer) => Buffer): (bundle: BundleJson) => void {
  return ({ verificationMaterial: { timestampVerificationData: data } }) => {
    for (const each of data?.rfc3161Timestamps ?? [])
      each.signedTimestamp = changedBase64(each.signedTimestamp, change);
  };
}

function withChain(...issuers: readonly Buffer[]): (bundle: BundleJson) => void {
  const more = issuers.map((der) => ({ rawBytes: der.toString('base64') }));
  return ({ verificationMaterial: { x509CertificateChain } }) => x509CertificateChain?.certificates.push(...more);
}

function changedBase64(text: string, change: (bytes: Buffer) => Buffer): string {
  return change(Buffer.from(text, 'base64')).toString('base64');
}
