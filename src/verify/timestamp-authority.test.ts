import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  der,
  derChildrenOf,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
  setOf,
} from '../../test/support/der-writer.ts';
import {
  authority,
  issuer,
  issuers,
  leaf,
  now,
  organization,
  prove,
  stamp,
  stranger,
  trusted,
  uri,
} from '../../test/support/timestamp-question.ts';
import type { Question } from '../../test/support/timestamp-question.ts';
import {
  createAuthority,
  issueLeaf,
  issueTimestampLeaf,
} from '../../test/support/virtual-sigstore/virtual-authority.ts';
import {
  basicConstraints,
  extendedKeyUsage,
  extensionOids,
  keyPurposes,
  keyUsage,
} from '../../test/support/virtual-sigstore/virtual-certificate.ts';
import type { CertificateChanges, VirtualExtension } from '../../test/support/virtual-sigstore/virtual-certificate.ts';
import { createVirtualKey, digestOf, signBytes } from '../../test/support/virtual-sigstore/virtual-key.ts';
import type { VirtualKey } from '../../test/support/virtual-sigstore/virtual-key.ts';
import { createTimestampAuthority } from '../../test/support/virtual-sigstore/virtual-timestamp-authority.ts';
import type { VirtualTimestampAuthority } from '../../test/support/virtual-sigstore/virtual-timestamp-authority.ts';
import type { Check } from './verdict.ts';

/** An authority of the trusted root whose leaf is not as it should be. */
function withLeaf(changes: CertificateChanges): Question {
  const other = createTimestampAuthority({ uri, organization, now, keyKind: 'p256', issuer, leaf: changes });
  return { timestamps: [stamp({ authority: other })], authorities: [trusted(other.chain)] };
}

const replacing =
  (extension: VirtualExtension): NonNullable<CertificateChanges['extensions']> =>
  (usual) => [...usual.filter((each) => each.oid !== extension.oid), extension];

const twin = createTimestampAuthority({ uri, organization, now, keyKind: 'p256' });
const sameName = { ...authority, key: twin.key };
/** Issued by the same authority for another purpose: its holder may sign code. */
const codeSigner = ((): VirtualTimestampAuthority => {
  const key = createVirtualKey('p256');
  const purposes = extendedKeyUsage([keyPurposes.codeSigning]);
  const { certificate, plan } = issueTimestampLeaf(issuer, key.spki, now, { extensions: replacing(purposes) });
  return { ...authority, key, leaf: plan, chain: [certificate, ...issuers] };
})();

const attacks: Readonly<Record<string, readonly [step: string, question: () => Question]>> = {
  'is not a stamp at all': ['timestamp.token', () => ({ timestamps: [Buffer.from('junk')] })],
  'was refused by the authority': ['timestamp.token', () => ({ timestamps: [stamp({ status: 2 })] })],
  'has a second set of signers': [
    'timestamp.token',
    () => ({ timestamps: [stamp({ signedData: (usual) => [...usual, ...usual.slice(-1)] })] }),
  ],
  'is over another signature': [
    'timestamp.imprint',
    () => ({ timestamps: [stamp({ stamped: Buffer.from('another signature') })] }),
  ],
  'is over the artifact instead of the signature': [
    'timestamp.imprint',
    () => ({ timestamps: [stamp({ stamped: Buffer.from('artifact') })] }),
  ],
  "was signed by a stranger's key under the authority's name": [
    'timestamp.signature',
    () => ({ timestamps: [stamp({ authority: sameName })] }),
  ],
  "has an authority of the same name, and that one's certificate": [
    'timestamp.certificate',
    () => ({ timestamps: [stamp({ authority: { ...twin, leaf: authority.leaf }, embedded: twin.chain })] }),
  ],
  'signs for other content': [
    'timestamp.signature',
    () => ({ timestamps: [stamp({ messageDigest: Buffer.alloc(32) })] }),
  ],
  'has content that was changed after it was signed': [
    'timestamp.signature',
    () => {
      const bytes = stamp();
      const at = bytes.indexOf('20260301120000Z');
      bytes.write('20250301120000Z', at);
      return { timestamps: [bytes] };
    },
  ],
  'signs with another hash than it hashes its content with': [
    'timestamp.signature',
    () => ({
      timestamps: [
        stamp({
          signerInfo: (usual) => [
            ...usual.slice(0, 4),
            sequence(oid('1.2.840.10045.4.3.3')),
            octetString(signBytes(authority.key, signedAttributesOf(usual), 'ecdsa-sha384')),
          ],
        }),
      ],
    }),
  ],
  'signs with SHA-1': [
    'timestamp.signature',
    () => ({
      timestamps: [stamp({ signerInfo: (usual) => usual.toSpliced(4, 1, sequence(oid('1.2.840.10045.4.1'))) })],
    }),
  ],
  'signs the hash of another certificate': [
    'timestamp.certificate',
    () => ({
      timestamps: [stamp({ attributes: (usual) => [...usual.slice(0, 3), certificateIdOf(stranger.chain[0])] })],
    }),
  ],
  'signs the SHA-1 of another certificate as well': [
    'timestamp.certificate',
    () => ({ timestamps: [stamp({ attributes: (usual) => [...usual, olderCertificateId(Buffer.alloc(20))] })] }),
  ],
  'names another serial number': [
    'timestamp.certificate',
    () => ({
      timestamps: [
        stamp({ signerInfo: (usual) => usual.toSpliced(1, 1, sequence(authority.leaf.issuer, integer(7))) }),
      ],
    }),
  ],
  'brings a certificate that has nothing to do with it': [
    'timestamp.certificate',
    () => ({ timestamps: [stamp({ embedded: [leaf, stranger.chain[0] ?? leaf] })] }),
  ],
  "brings another authority's certificate under its issuer's name": [
    'timestamp.certificate',
    () => ({ timestamps: [stamp({ embedded: [certificateFor(stranger.issuer.key, issuer.subject)] })] }),
  ],
  "brings a certificate with its issuer's key under another name": [
    'timestamp.certificate',
    () => ({ timestamps: [stamp({ embedded: [certificateFor(issuer.key, stranger.issuer.subject)] })] }),
  ],
  'has no extended key usage': [
    'timestamp.certificate',
    () => withLeaf({ extensions: (usual) => usual.filter((each) => each.oid !== extensionOids.extendedKeyUsage) }),
  ],
  'has an extended key usage that is not critical': [
    'timestamp.certificate',
    () => withLeaf({ extensions: replacing(extendedKeyUsage([keyPurposes.timeStamping])) }),
  ],
  'may be used for something else besides': [
    'timestamp.certificate',
    () =>
      withLeaf({
        extensions: replacing(extendedKeyUsage([keyPurposes.timeStamping, keyPurposes.codeSigning], true)),
      }),
  ],
  'has a key usage without signatures': [
    'timestamp.certificate',
    () => withLeaf({ extensions: replacing(keyUsage(1)) }),
  ],
  'has a critical extension that nobody knows': [
    'timestamp.certificate',
    () => withLeaf({ extensions: (usual) => [...usual, { oid: '1.2.3.4', isCritical: true, value: nullValue() }] }),
  ],
  'had expired by then': ['timestamp.certificate', () => withLeaf({ notAfter: new Date(now.getTime() - 1000) })],
  'was not valid yet': ['timestamp.certificate', () => withLeaf({ notBefore: new Date(now.getTime() + 1000) })],
  'had an issuer that had expired': [
    'timestamp.certificate',
    () => {
      const expired = createAuthority({
        uri,
        organization,
        purpose: 'timeStamping',
        now,
        keyKind: 'p256',
        intermediate: { notAfter: new Date(now.getTime() - 1000) },
      });
      const other = createTimestampAuthority({ uri, organization, now, keyKind: 'p256', issuer: expired });
      return { timestamps: [stamp({ authority: other })], authorities: [trusted(other.chain)] };
    },
  ],
  'comes without the certificate that the trusted root leaves out': [
    'timestamp.certificate',
    () => ({ authorities: [trusted(issuers)] }),
  ],
  'brings a certificate by a false issuer of the same name': [
    'timestamp.certificate',
    () => {
      const forged = createTimestampAuthority({ uri, organization, now, keyKind: 'p256' });
      return {
        timestamps: [stamp({ authority: forged, embedded: forged.chain.slice(0, 1) })],
        authorities: [trusted(issuers)],
      };
    },
  ],
  'was signed by a code-signing certificate of the same authority': [
    'timestamp.certificate',
    () => ({
      timestamps: [stamp({ authority: codeSigner, embedded: codeSigner.chain })],
      authorities: [trusted(issuers)],
    }),
  ],
  "was signed by another certificate, with the authority's in front of it (CVE-2026-39984)": [
    'timestamp.certificate',
    () => ({
      timestamps: [stamp({ authority: codeSigner, embedded: [leaf, ...codeSigner.chain] })],
      authorities: [trusted(issuers)],
    }),
  ],
  'was made by a certificate authority itself': [
    'timestamp.certificate',
    () => {
      const key = createVirtualKey('p256');
      const isAuthority = [basicConstraints(true), keyUsage(0, 5), extendedKeyUsage([keyPurposes.timeStamping], true)];
      const { certificate, plan } = issueTimestampLeaf(issuer, key.spki, now, { extensions: () => isAuthority });
      const other = { ...authority, key, leaf: plan, chain: [certificate, ...issuers] };
      return { timestamps: [stamp({ authority: other, embedded: [certificate] })], authorities: [trusted(issuers)] };
    },
  ],
};

for (const [what, [step, question]] of Object.entries(attacks)) {
  test(`a stamp is refused that ${what}`, () => {
    const { checks, times } = prove(question());
    assert.deepEqual(
      checks.map((check) => [check.step, check.status]),
      [[step, 'fail']],
      seenIn(checks),
    );
    assert.deepEqual(times, []);
  });
}

test('no flipped bit of a stamp is passed over, in either place of the certificate', () => {
  const embedded = stamp({ embedded: [leaf] });
  for (const [good, root] of [
    [stamp(), trusted()],
    [embedded, trusted()],
    [embedded, trusted(issuers)],
  ] as const) {
    const accepted: number[] = [];
    for (let bit = 0; bit < good.length * 8; bit += 1) {
      const bytes = Buffer.from(good);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const { checks } = prove({ timestamps: [bytes], authorities: [root] });
      if (!checks.some(({ status }) => status === 'fail')) accepted.push(bit);
    }
    // The last byte of PKIStatus: "granted with modifications" is as good, and nobody signs it.
    assert.deepEqual(accepted, [(good.indexOf(integer(0)) + 2) * 8]);
  }
});

test('no element that was added to a stamp is passed over, wherever it stands', () => {
  const good = stamp({ embedded: [leaf] });
  const additions = withAddition(good);
  assert.ok(additions.length > 50);
  for (const bytes of additions) {
    const { checks } = prove({ timestamps: [bytes] });
    assert.deepEqual(
      checks.map(({ status }) => status),
      ['fail'],
      bytes.toString('hex'),
    );
  }
});

/** The element with a NULL added to it, or to one constructed element inside. */
function withAddition(element: Buffer): readonly Buffer[] {
  const [tag = 0] = element;
  if ((tag & 0x20) === 0) return [];
  const children = derChildrenOf(element);
  return [
    der(tag, ...children, nullValue()),
    ...children.flatMap((child, at) => withAddition(child).map((changed) => der(tag, ...children.with(at, changed)))),
  ];
}

function certificateFor({ spki }: VirtualKey, subject: Buffer): Buffer {
  return issueLeaf(stranger.issuer, { spki, at: now, scts: [], changes: { subject } });
}

function signedAttributesOf(signerInfo: readonly Buffer[]): Buffer {
  const attributes = Buffer.from(signerInfo[3] ?? []);
  attributes[0] = 0x31;
  return attributes;
}

function certificateIdOf(certificate: Buffer = Buffer.alloc(0)): Buffer {
  const id = sequence(octetString(digestOf('sha256', certificate)));
  return sequence(oid('1.2.840.113549.1.9.16.2.47'), setOf(sequence(sequence(id))));
}

function olderCertificateId(hash: Buffer): Buffer {
  return sequence(oid('1.2.840.113549.1.9.16.2.12'), setOf(sequence(sequence(sequence(octetString(hash))))));
}

function seenIn(checks: readonly Check[]): string {
  return checks.map(({ step, status, seen }) => `${step} ${status}: ${seen}`).join('\n');
}
