/** Attacks on what transparency logs vouch for; the official TypeScript verifier lets some of them through. */

import assert from 'node:assert/strict';

import { p256 } from '@noble/curves/nist.js';

import { bitString, oid, sequence } from '../support/der-writer.ts';
import type { Logged } from '../support/virtual-sigstore/entry-body.ts';
import { attestation, foreign, message, onEntry, sigstore, stamped } from '../support/virtual-sigstore/attack-cases.ts';
import type { AttackCase, AttackTables } from '../support/virtual-sigstore/attack-cases.ts';
import { usualIdentity } from '../support/virtual-sigstore/judgement.ts';
import { createCtLog } from '../support/virtual-sigstore/virtual-ct-log.ts';
import { createVirtualKey, digestOf } from '../support/virtual-sigstore/virtual-key.ts';
import { createVirtualLog } from '../support/virtual-sigstore/virtual-log.ts';
import type { EntryJson } from '../support/virtual-sigstore/virtual-log.ts';
import { statementOf } from '../support/virtual-sigstore/virtual-sigstore.ts';
import type { BundleJson } from '../support/virtual-sigstore/virtual-sigstore.ts';
import { logJsonOf } from '../support/virtual-sigstore/virtual-trusted-root.ts';

const { now, rekorV1, rekorV2, ctLog, timestampAuthority } = sigstore;

const bindings: readonly AttackCase[] = [
  {
    name: 'an entry with the other key that fits the signature',
    bad: { entries: [{ log: rekorV1, logged: otherFittingKey }] },
    outcome: 'log.body',
  },
  {
    name: 'an attestation about another artifact',
    good: attestation,
    bad: { content: { payload: statementOf(Buffer.from('another')) } },
    outcome: 'claims.digest',
  },
  {
    name: 'an entry about the artifact of an envelope, not about the envelope',
    good: attestation,
    bad: { entries: [{ log: rekorV1, kind: 'hashedrekord/0.0.1' }] },
    outcome: 'log.body',
  },
  {
    name: 'an entry of Rekor v2 over the payload alone',
    good: { ...attestation, entries: [{ log: rekorV2 }], timestamps: [{ authority: timestampAuthority }] },
    bad: { entries: [{ log: rekorV2, logged: ({ envelope }) => ({ message: envelope?.payload ?? Buffer.alloc(0) }) }] },
    outcome: 'log.body',
  },
  {
    name: 'an entry intoto 0.0.1, which keeps no signature, in a bundle, which keeps no envelope',
    good: attestation,
    bad: { entries: [{ log: rekorV1, kind: 'intoto/0.0.1' }] },
    outcome: 'log.body',
  },
  {
    name: 'a kind beside the entry that is not the kind in it',
    good: attestation,
    bundle: onEntry((entry) => (entry.kindVersion = { kind: 'hashedrekord', version: '0.0.1' })),
    outcome: 'log.body',
  },
  {
    name: 'an entry that says it is of another log than the one that signed the checkpoint',
    good: stamped,
    bundle: onEntry((entry) => (entry.logId.keyId = rekorV1.logId.toString('base64'))),
    outcome: 'log.checkpoint',
  },
  {
    name: 'an index beside the proof that is not the index in it',
    good: stamped,
    bundle: onEntry((entry) => (entry.logIndex = '77')),
    outcome: 'log.entry',
  },
  {
    name: 'an index that the promise does not name',
    bundle: onEntry((entry) => (entry.logIndex = '77')),
    outcome: 'log.promise',
  },
  {
    name: "a size of the tree that is not the checkpoint's",
    bundle: onProof((proof) => (proof.treeSize = '4096')),
    outcome: 'log.proof',
  },
  {
    name: "a root of the tree that is not the checkpoint's",
    bundle: onProof((proof) => (proof.rootHash = Buffer.alloc(32).toString('base64'))),
    outcome: 'log.proof',
  },
];

const countings: readonly AttackCase[] = [
  {
    name: 'an entry of an unknown log beside a good one',
    bad: { entries: [{ log: foreign.rekorV1 }, { log: rekorV1 }] },
    outcome: 'verified',
  },
  { name: 'entries of unknown logs alone', bad: { entries: [{ log: foreign.rekorV1 }] }, outcome: 'log' },
  {
    name: 'a timestamp of an unknown authority beside a good one',
    good: stamped,
    bad: { timestamps: [foreign.timestampAuthority, timestampAuthority].map((each) => ({ authority: each })) },
    outcome: 'verified',
  },
  {
    name: 'timestamps of unknown authorities alone',
    good: stamped,
    bad: { timestamps: [{ authority: foreign.timestampAuthority }] },
    outcome: 'time',
  },
  {
    name: 'one entry twice',
    bundle: ({ verificationMaterial: { tlogEntries } }) => tlogEntries.push(...tlogEntries),
    outcome: 'BUNDLE_MALFORMED',
  },
  {
    name: 'one timestamp twice',
    good: stamped,
    bundle: ({ verificationMaterial: { timestampVerificationData: data } }) =>
      data?.rfc3161Timestamps.push(...data.rfc3161Timestamps),
    outcome: 'BUNDLE_MALFORMED',
  },
  { name: 'no time that anybody vouches for', good: stamped, bad: { timestamps: [] }, outcome: 'time' },
  {
    name: 'an SCT of an unknown log beside a good one',
    bad: { certificate: { scts: [{ log: foreign.ctLog }, { log: ctLog }] } },
    outcome: 'verified',
  },
  { name: 'an SCT of an unknown log alone', bad: { certificate: { scts: [{ log: foreign.ctLog }] } }, outcome: 'sct' },
  { name: 'no SCT', bad: { certificate: { scts: [] } }, outcome: 'sct' },
  {
    name: 'an SCT by another key in the name of a trusted log',
    bad: { certificate: { scts: [{ log: foreign.ctLog, logId: ctLog.logId }] } },
    outcome: 'sct',
  },
  {
    name: 'an SCT of another certificate',
    bad: { certificate: { scts: [{ log: ctLog, tbs: sequence() }] } },
    outcome: 'sct',
  },
  {
    name: 'an SCT of the same certificate by another issuer',
    bad: { certificate: { scts: [{ log: ctLog, issuerSpki: foreign.authority.key.spki }] } },
    outcome: 'sct',
  },
  {
    name: 'an SCT of an unknown log, where SCTs are ignored',
    policy: { signer: { kind: 'identities', identities: [usualIdentity], sct: { kind: 'ignored', by: 'test' } } },
    bad: { certificate: { scts: [{ log: foreign.ctLog }] } },
    outcome: 'verified',
  },
  {
    name: 'an entry of an unknown log, where logs are ignored',
    good: stamped,
    policy: { log: { kind: 'ignored', by: 'test' } },
    bad: { entries: [{ log: foreign.rekorV2 }] },
    outcome: 'verified',
  },
];

const logOnP384 = createVirtualLog({ version: 'v2', host: 'p384.virtual.test', keyKind: 'p384' });
const rsaCtLog = createCtLog('https://rsa-ct.virtual.test', 'rsa-2048');

const forgedLog = createVirtualLog({ version: 'v2', host: 'log2026.virtual.test' });
const realCheckpoint = checkpointOf(sigstore.sign(stamped).bundle());

const logs: readonly AttackCase[] = [
  {
    name: 'a private Rekor v1 that signs by another name than its address',
    bad: {
      entries: [
        {
          log: rekorV1,
          checkpointSigner: 'rekor-server-5d9f',
          checkpoint: (text) => text.replace('rekor.virtual.test', 'rekor-server-5d9f'),
        },
      ],
    },
    outcome: 'verified',
  },
  {
    name: 'a Rekor v1 that signs by another name than its checkpoint says',
    bad: { entries: [{ log: rekorV1, checkpointSigner: 'rekor-server-5d9f' }] },
    outcome: 'log.checkpoint',
  },
  {
    name: 'a signer of a checkpoint whose name is a pattern',
    good: stamped,
    bad: { entries: [{ log: rekorV2, checkpointSigner: '.*' }] },
    outcome: 'log.checkpoint',
  },
  {
    name: 'a checkpoint of another origin',
    good: stamped,
    bad: {
      entries: [{ log: rekorV2, checkpoint: (text) => text.replace('log2026.virtual.test', 'log2025.virtual.test') }],
    },
    outcome: 'log.checkpoint',
  },
  {
    name: 'a checkpoint of another log that has the same key',
    good: stamped,
    bad: {
      entries: [
        {
          log: rekorV2,
          checkpoint: (text) => text.replace('log2026.virtual.test', 'log2025.virtual.test'),
          checkpointSigner: 'log2025.virtual.test',
        },
      ],
    },
    outcome: 'log.checkpoint',
  },
  {
    name: 'a tree of the attacker, with a checkpoint of the log',
    good: stamped,
    bad: { entries: [{ log: forgedLog }] },
    bundle: onEntry((entry) => {
      entry.logId.keyId = rekorV2.logId.toString('base64');
      if (entry.inclusionProof !== undefined) entry.inclusionProof.checkpoint = realCheckpoint;
    }),
    outcome: 'log.checkpoint',
  },
  {
    name: 'a checkpoint by another key',
    bad: { entries: [{ log: rekorV1, checkpointKey: createVirtualKey() }] },
    outcome: 'log.checkpoint',
  },
  {
    name: 'a promise by another key',
    bad: { entries: [{ log: rekorV1, promiseKey: createVirtualKey() }] },
    outcome: 'log.promise',
  },
  {
    name: 'a promise about another time',
    bad: { entries: [{ log: rekorV1, promised: (payload) => ({ ...payload, integratedTime: 1 }) }] },
    outcome: 'log.promise',
  },
  { name: 'a bundle 0.3 without a proof', bad: { entries: [{ log: rekorV1, hasProof: false }] }, outcome: 'log.proof' },
  {
    name: 'a bundle 0.3 without a checkpoint',
    bad: { entries: [{ log: rekorV1, hasCheckpoint: false }] },
    outcome: 'log.checkpoint',
  },
  {
    name: 'a bundle 0.1 without a promise',
    good: { ...message, bundleVersion: '0.1' },
    bad: { entries: [{ log: rekorV1, hasPromise: false }] },
    outcome: 'log.promise',
  },
  {
    name: 'a time that no promise covers',
    bad: { entries: [{ log: rekorV1, hasPromise: false }] },
    outcome: 'time',
  },
  {
    name: 'a log with a key on P-384',
    good: stamped,
    bad: { entries: [{ log: logOnP384 }] },
    trust: (root) => root.tlogs.push(logJsonOf(logOnP384, now)),
    outcome: 'verified',
  },
  {
    name: 'a CT log with an RSA key',
    bad: { certificate: { scts: [{ log: rsaCtLog }] } },
    trust: (root) => root.ctlogs.push(logJsonOf(rsaCtLog, now)),
    outcome: 'verified',
  },
];

/** By what is attacked. */
export const attacksOnLogs: AttackTables = { binding: bindings, counting: countings, log: logs };

type Proof = NonNullable<EntryJson['inclusionProof']>;

function onProof(change: (proof: Proof) => void): (bundle: BundleJson) => void {
  return onEntry(({ inclusionProof }) => {
    if (inclusionProof !== undefined) change(inclusionProof);
  });
}

function checkpointOf({ verificationMaterial }: BundleJson): { envelope: string } {
  const checkpoint = verificationMaterial.tlogEntries[0]?.inclusionProof?.checkpoint;
  assert.ok(checkpoint !== undefined);
  return checkpoint;
}

/** Two keys fit an ECDSA signature: the one that made it, and one that nobody had. */
function otherFittingKey({ signature, message: signed, verifier }: Logged): Partial<Logged> {
  const hash = digestOf('sha256', signed);
  const parsed = p256.Signature.fromBytes(signature, 'der');
  const points = [0, 1].map((bit) => parsed.addRecoveryBit(bit).recoverPublicKey(hash).toBytes(false));
  const algorithm = sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7'));
  const keys = points.map((point) => sequence(algorithm, bitString(point)));
  const other = keys.find((key) => !verifier.der.equals(key));
  return other === undefined ? {} : { verifier: { kind: 'public-key', der: other } };
}
