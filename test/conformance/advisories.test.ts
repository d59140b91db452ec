/** Advisories of other verifiers, each as the attack that it was: the same signature without the attack is verified, with
 *  it is rejected, at the step that should see it. */

import {
  artifact,
  attestation,
  foreign,
  message,
  sigstore,
  stamped,
  testAttacks,
} from '../support/virtual-sigstore/attack-cases.ts';
import type { AttackCase } from '../support/virtual-sigstore/attack-cases.ts';
import { createAuthority } from '../support/virtual-sigstore/virtual-authority.ts';
import { extendedKeyUsage, extensionOids, keyPurposes } from '../support/virtual-sigstore/virtual-certificate.ts';
import type { EntryBody, Logged } from '../support/virtual-sigstore/entry-body.ts';
import { createVirtualKey } from '../support/virtual-sigstore/virtual-key.ts';
import { statementOf } from '../support/virtual-sigstore/virtual-sigstore.ts';
import { createTimestampAuthority } from '../support/virtual-sigstore/virtual-timestamp-authority.ts';
import { authorityJsonOf } from '../support/virtual-sigstore/virtual-trusted-root.ts';
import type { ValidForJson } from '../support/virtual-sigstore/virtual-trusted-root.ts';
import { limits } from '../../src/base/limits.ts';

const { now, rekorV1, rekorV2, timestampAuthority } = sigstore;
const yesterday = new Date(now.getTime() - 86_400_000);
const tomorrow = new Date(now.getTime() + 86_400_000);

const v1AndStamp = { ...message, timestamps: [{ authority: timestampAuthority }] };

/** Another artifact, signed by another key of the same person. */
const otherSignature = sigstore.sign({ content: { artifact: Buffer.from('something else\n') } });
const otherVerifier = { kind: 'public-key', der: createVirtualKey().spki } as const;
const [otherEntry] = otherSignature.bundle().verificationMaterial.tlogEntries;
const witness = createVirtualKey('ed25519');

const ended = ({ start }: ValidForJson): ValidForJson => ({ start, end: yesterday.toISOString() });

const expiredAuthority = createAuthority({
  uri: 'https://old.virtual.test',
  organization: 'old',
  purpose: 'codeSigning',
  now,
  intermediate: { notAfter: yesterday },
});
const expiredIntermediate: Pick<AttackCase, 'bad' | 'trust'> = {
  bad: { certificate: { authority: expiredAuthority } },
  trust: (root) => root.certificateAuthorities.push(authorityJsonOf(expiredAuthority, 'intermediate', now)),
};

/** Issued by the timestamp authority's own issuer, for something else. */
const misusedLeaf = createTimestampAuthority({
  uri: timestampAuthority.uri,
  organization: 'virtual sigstore',
  now,
  issuer: timestampAuthority.issuer,
  leaf: {
    extensions: (usual) =>
      usual.map((each) =>
        each.oid === extensionOids.extendedKeyUsage ? extendedKeyUsage([keyPurposes.clientAuth], true) : each,
      ),
  },
});
const withoutPinnedLeaf: NonNullable<AttackCase['trust']> = (root) => {
  for (const each of root.timestampAuthorities) each.certChain.certificates.shift();
};
const goodLeaf = timestampAuthority.chain.slice(0, 1);
const stampedByBag = {
  good: { ...stamped, timestamps: [{ authority: timestampAuthority, embedded: goodLeaf }] },
};

const cases: readonly AttackCase[] = [
  // cosign
  {
    name: 'cosign CVE-2022-23649: an entry of the log about another signature',
    bundle: (bundle) => bundle.verificationMaterial.tlogEntries.splice(0, 1, ...(otherEntry ? [otherEntry] : [])),
    outcome: 'log.body',
  },
  {
    name: 'cosign CVE-2022-23649: the same in the first form of blob bundles',
    blobBundle: (bundle) => {
      const payload = { body: otherEntry?.canonicalizedBody ?? '', logIndex: Number(otherEntry?.logIndex) };
      Object.assign(bundle.rekorBundle ?? {}, {
        SignedEntryTimestamp: otherEntry?.inclusionPromise?.signedEntryTimestamp,
        Payload: { ...bundle.rekorBundle?.Payload, ...payload, integratedTime: Number(otherEntry?.integratedTime) },
      });
    },
    outcome: 'log.body',
  },
  {
    name: 'cosign CVE-2022-35929, policy-controller CVE-2022-35930: an attestation of another type than asked for',
    good: attestation,
    bad: { content: { payload: statementOf(artifact, 'https://example.test/other') } },
    outcome: 'claims.type',
  },
  {
    name: 'cosign CVE-2022-36056: an entry with another signer than the certificate',
    bad: { entries: [{ log: rekorV1, logged: () => ({ verifier: otherVerifier }) }] },
    outcome: 'log.body',
  },
  {
    name: 'cosign CVE-2022-36056: a promise that the log did not sign',
    blobBundle: (bundle) =>
      Object.assign(bundle.rekorBundle?.Payload ?? {}, { integratedTime: Math.floor(now.getTime() / 1000) + 1 }),
    outcome: 'log.promise',
  },
  {
    name: 'cosign CVE-2022-36056: a certificate of an authority that nobody trusts',
    bad: { certificate: { authority: foreign.authority } },
    outcome: 'certificate.chain',
  },
  {
    name: 'cosign CVE-2022-36056: a certificate that expired before the log took the signature',
    bad: { certificate: { at: new Date(now.getTime() - 3_600_000) } },
    outcome: 'certificate.time',
  },
  {
    name: 'cosign CVE-2022-36056: no entry at all',
    bundle: (bundle) => bundle.verificationMaterial.tlogEntries.splice(0),
    outcome: 'log',
  },
  {
    name: 'cosign CVE-2023-46737: entries without end',
    bad: { entries: Array.from({ length: limits.logEntries + 1 }, () => ({ log: rekorV1 })) },
    outcome: 'BUNDLE_MALFORMED',
  },
  {
    name: 'cosign CVE-2024-29902: a bundle of a size that no bundle has',
    bundle: (bundle) => Object.assign(bundle, { padding: 'x'.repeat(limits.bundleBytes) }),
    outcome: 'INPUT_TOO_LARGE',
  },
  {
    name: 'cosign CVE-2024-29903: a statement with subjects without end',
    good: attestation,
    bad: { content: { payload: statementWithSubjects(limits.statementSubjects + 1) } },
    outcome: 'content',
  },
  ...(['signature', 'verifier', 'message'] as const).flatMap((member): readonly AttackCase[] => {
    const other = { ...otherSignature.logged, verifier: otherVerifier };
    const logged = (): Partial<Logged> => ({ [member]: other[member] });
    const bad = { entries: [{ log: rekorV1, logged }] };
    return [
      { name: `cosign CVE-2026-22703: an entry with another ${member}`, bad, outcome: 'log.body' },
      {
        name: `cosign CVE-2026-22703: an entry with another ${member}, in the first form of blob bundles`,
        bad,
        blobBundle: () => undefined,
        outcome: 'log.body',
      },
      {
        name: `cosign CVE-2026-22703: an entry of Rekor v2 with another ${member}`,
        good: stamped,
        bad: { entries: [{ log: rekorV2, logged }] },
        outcome: 'log.body',
      },
    ];
  }),
  {
    name: 'cosign CVE-2026-24122: an expired intermediate, and no log to give the time',
    ...expiredIntermediate,
    policy: { log: { kind: 'ignored', by: 'test' } },
    good: { ...message, entries: [] },
    outcome: 'certificate.time',
  },
  {
    name: 'cosign CVE-2026-24122: an expired intermediate, and a log that gives the time',
    ...expiredIntermediate,
    outcome: 'certificate.time',
  },
  ...['not JSON', '[]', '{}', '{"_type":"https://in-toto.io/Statement/v1"}'].map((payload): AttackCase => ({
    name: `cosign CVE-2026-39395: an attestation that is no statement: ${payload}`,
    good: attestation,
    bad: { content: { payload: Buffer.from(payload) } },
    outcome: 'content',
  })),

  // sigstore-go
  {
    name: 'sigstore-go CVE-2024-45395: timestamps without end',
    good: v1AndStamp,
    bad: { timestamps: Array.from({ length: limits.timestamps + 1 }, () => ({ authority: timestampAuthority })) },
    outcome: 'BUNDLE_MALFORMED',
  },
  {
    name: 'sigstore-go CVE-2024-45395: a proof of inclusion without end',
    bundle: (bundle) => {
      const [hash = ''] = bundle.verificationMaterial.tlogEntries[0]?.inclusionProof?.hashes ?? [];
      bundle.verificationMaterial.tlogEntries[0]?.inclusionProof?.hashes.push(...Array<string>(100_000).fill(hash));
    },
    outcome: 'log.proof',
  },
  {
    name: 'sigstore-go CVE-2024-45395: a checkpoint with signatures without end',
    bad: {
      entries: [{ log: rekorV1, witnesses: Array<typeof witness>(limits.checkpointSignatures + 1).fill(witness) }],
    },
    outcome: 'log.checkpoint',
  },
  {
    name: 'sigstore-go CVE-2026-49834: two entries of one log, where two logs are asked for',
    good: { ...stamped, entries: [{ log: rekorV1 }, { log: rekorV2 }] },
    bad: { entries: [{ log: rekorV1 }, { log: rekorV1, kind: 'rekord/0.0.1' }] },
    policy: { log: { kind: 'required', threshold: 2 } },
    outcome: 'log',
  },
  {
    name: 'sigstore-go CVE-2026-49834: two timestamps of one authority, where two are asked for',
    good: {
      ...v1AndStamp,
      timestamps: [timestampAuthority, foreign.timestampAuthority].map((each) => ({ authority: each })),
    },
    bad: { timestamps: [{ authority: timestampAuthority }, { authority: timestampAuthority }] },
    trust: (root) => root.timestampAuthorities.push(...foreign.trustedRoot().timestampAuthorities),
    policy: { timestamps: { kind: 'required', threshold: 2 } },
    outcome: 'timestamp',
  },
  {
    name: 'sigstore-go CVE-2026-54787: a log whose key was out of use when it took the entry',
    attackedTrust: (root) => root.tlogs.forEach((log) => (log.publicKey.validFor = ended(log.publicKey.validFor))),
    outcome: 'log.time',
  },
  {
    name: 'sigstore-go CVE-2026-54787: the same of a log that gives no time itself',
    good: stamped,
    attackedTrust: (root) => root.tlogs.forEach((log) => (log.publicKey.validFor = ended(log.publicKey.validFor))),
    outcome: 'log.time',
  },
  {
    name: 'sigstore-go CVE-2026-54787: a timestamp authority that was no longer trusted',
    good: stamped,
    attackedTrust: (root) => root.timestampAuthorities.forEach((each) => (each.validFor = ended(each.validFor))),
    outcome: 'timestamp.certificate',
  },
  {
    name: 'sigstore-go CVE-2026-54787: a certificate authority that was no longer trusted',
    attackedTrust: (root) => root.certificateAuthorities.forEach((each) => (each.validFor = ended(each.validFor))),
    outcome: 'certificate.time',
  },
  {
    name: 'sigstore-go CVE-2026-54787: a CT log that was not yet trusted',
    attackedTrust: (root) =>
      root.ctlogs.forEach((each) => (each.publicKey.validFor = { start: tomorrow.toISOString() })),
    outcome: 'sct',
  },

  // timestamp-authority
  {
    name: 'timestamp-authority CVE-2025-66564: a timestamp with an object identifier without end',
    good: stamped,
    bad: {
      timestamps: [
        {
          authority: timestampAuthority,
          info: (info) => Buffer.concat([info, Buffer.alloc(limits.timestampBytes, 0x86)]),
        },
      ],
    },
    outcome: 'timestamp.token',
  },
  {
    name: 'timestamp-authority CVE-2026-39984: a token signed by a certificate for something else, with a good one first',
    ...stampedByBag,
    bad: { timestamps: [{ authority: misusedLeaf, embedded: [...goodLeaf, ...misusedLeaf.chain.slice(0, 1)] }] },
    trust: withoutPinnedLeaf,
    outcome: 'timestamp.certificate',
  },
  {
    name: 'timestamp-authority CVE-2026-39984: a stranger before the certificate that signed',
    ...stampedByBag,
    bad: {
      timestamps: [{ authority: timestampAuthority, embedded: [...foreign.timestampAuthority.chain, ...goodLeaf] }],
    },
    trust: withoutPinnedLeaf,
    outcome: 'timestamp.certificate',
  },
  {
    name: 'timestamp-authority CVE-2026-39984: another certificate than the one that the trusted root names',
    ...stampedByBag,
    bad: { timestamps: [{ authority: misusedLeaf, embedded: misusedLeaf.chain }] },
    outcome: 'time',
  },

  // rekor: what its servers choked on, put before a reader. CVE-2026-49835 (of timestamp-authority) is of servers only.
  ...(['jar', 'alpine', 'cose', 'helm'] as const).map((kind): AttackCase => ({
    name: `rekor CVE-2023-30551, CVE-2026-23831, CVE-2026-48702: an entry of the kind ${kind}`,
    bundle: ({ verificationMaterial: { tlogEntries } }) =>
      tlogEntries.forEach((entry) => (entry.kindVersion = { kind, version: '0.0.1' })),
    outcome: 'log.entry',
  })),
  {
    name: 'rekor CVE-2023-33199: an entry intoto 0.0.2 without its envelope',
    good: { ...attestation, entries: [{ log: rekorV1, kind: 'intoto/0.0.2' }] },
    bad: {
      entries: [
        { log: rekorV1, kind: 'intoto/0.0.2', body: (body) => ({ ...body, spec: { content: { hash: null } } }) },
      ],
    },
    outcome: 'log.body',
  },
  {
    name: 'rekor CVE-2026-23831: an entry with an empty spec',
    bad: { entries: [{ log: rekorV1, body: (body) => ({ ...body, spec: {} }) }] },
    outcome: 'log.body',
  },
  {
    name: 'rekor CVE-2026-24117: an entry whose key is an address to fetch it from',
    bad: { entries: [{ log: rekorV1, body: withKeyAddress }] },
    outcome: 'log.body',
  },
];

testAttacks('', cases);

function statementWithSubjects(count: number): Buffer {
  const statement = JSON.parse(statementOf(artifact).toString()) as { readonly subject: readonly unknown[] };
  const subject = Array<unknown>(count).fill(statement.subject[0]);
  return Buffer.from(JSON.stringify({ ...statement, subject }));
}

function withKeyAddress(body: EntryBody): EntryBody {
  const spec = body['spec'] as { readonly signature: object };
  const publicKey = { url: 'http://127.0.0.1:1/key.pub' };
  return { ...body, spec: { ...spec, signature: { ...spec.signature, publicKey } } };
}
