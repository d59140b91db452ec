import assert from 'node:assert/strict';
import { test } from 'node:test';

import { certificateProof } from '../../../test/support/certificate-proof.ts';
import { bitString, boolean, octetString, oid, sequence } from '../../../test/support/der-writer.ts';
import { hasCode } from '../../../test/support/error-code.ts';
import {
  ctNow,
  issueLogged,
  issueWith,
  openLoggingAuthority,
  openOwnCtLog,
  poison,
} from '../../../test/support/own-ct-log.ts';
import { leafHashOf, rootHashOf } from '../../../test/support/virtual-sigstore/merkle-tree.ts';
import { createAuthority, issueLeaf } from '../../../test/support/virtual-sigstore/virtual-authority.ts';
import {
  basicConstraints,
  distinguishedName,
  keyUsage,
  subjectKeyId,
} from '../../../test/support/virtual-sigstore/virtual-certificate.ts';
import { createVirtualKey, signBytes } from '../../../test/support/virtual-sigstore/virtual-key.ts';
import { hexOf } from '../../base/bytes.ts';
import type { ErrorCode } from '../../base/catalogue.ts';
import { CountersignError, messageOf } from '../../base/errors.ts';
import { schemes } from '../../crypto/key-algorithm.ts';
import { createKeyPair } from '../../crypto/private-key.ts';
import type { PublicKey } from '../../crypto/public-key.ts';
import { signerOf } from '../../crypto/signer.ts';
import { sctsOf } from '../../formats/ct/sct-list.ts';
import { precertificateEntryOf, signedBytesOf } from '../../formats/ct/signed-precertificate.ts';
import { cutTileLeaves } from '../../formats/ct/tile-leaf.ts';
import { logIdOf } from '../../formats/trust/log-id.ts';
import { parseCertificate } from '../../formats/x509/certificate.ts';
import { checkSct } from '../../verify/sct-step.ts';
import type { TrustedLogKey } from '../../verify/trust-material.ts';
import { ctLogKind } from './ct-kind.ts';

const organization = 'roots.test';
const authority = createAuthority({
  uri: 'https://ca.test',
  organization,
  purpose: 'codeSigning',
  now: ctNow,
  keyKind: 'p256',
});
const [intermediate = Buffer.alloc(0), root = Buffer.alloc(0)] = authority.chain;
const foreign = createAuthority({
  uri: 'https://ca.test',
  organization: 'foreign',
  purpose: 'codeSigning',
  now: ctNow,
  keyKind: 'p256',
});
/** The same names, other keys. */
const double = createAuthority({
  uri: 'https://ca.test',
  organization,
  purpose: 'codeSigning',
  now: ctNow,
  keyKind: 'p256',
});

function trustedLogOf(key: PublicKey): TrustedLogKey {
  const logId = logIdOf(key);
  return {
    baseUrl: 'https://log.test/ctlog',
    logId,
    logIdHex: hexOf(logId),
    keyHint: logId.subarray(0, 4),
    key,
    scheme: schemes['ecdsa-p256'].sha256,
    validFor: { start: new Date(0) },
  };
}

test('a certificate of our authority carries one timestamp that verification believes', async () => {
  const { own, authority: ours } = await openLoggingAuthority();
  const [leafDer = new Uint8Array(), issuerDer = new Uint8Array()] = await issueLogged(ours);
  const leaf = parseCertificate(leafDer);
  const trust = { ctLogs: [trustedLogOf(own.signer.publicKey)] };
  const { checks } = await checkSct(certificateProof({ leaf, issuer: parseCertificate(issuerDer), trust }));
  assert.deepEqual(
    checks.map(({ step, status }) => [step, status]),
    [['sct', 'pass']],
  );
  assert.equal(sctsOf(leaf)?.length, 1);
  assert.deepEqual(own.added, [{ kind: 'precert', isDuplicate: false }]);
});

test('what the timestamps in certificates sign is in the tree, each at the place that it names', async () => {
  const { own, authority: ours } = await openLoggingAuthority();
  const leafHashes: Buffer[] = [];
  for (let index = 0; index < 5; index += 1) {
    const [leafDer = new Uint8Array(), issuerDer = new Uint8Array()] = await issueLogged(ours);
    const leaf = parseCertificate(leafDer);
    const [sct] = sctsOf(leaf) ?? [];
    assert.ok(sct);
    assert.equal(hexOf(sct.extensions), `000005${index.toString(16).padStart(10, '0')}`);
    assert.deepEqual(sct.timestamp, ctNow);
    leafHashes.push(leafHashOf(signedBytesOf(sct, precertificateEntryOf(leaf, parseCertificate(issuerDer)))));
  }
  const head = own.ct.log.head();
  assert.equal(head.size, 5n);
  assert.equal(hexOf(head.root), rootHashOf(leafHashes).toString('hex'));
});

test('a precertificate that comes again, signed anew or not, is given the first timestamp and adds nothing', async () => {
  const { ct, added } = await openOwnCtLog([root]);
  const precertificate = issueWith(authority, poison);
  const first = await ct.add('precert', precertificate, authority.chain);
  const again = await ct.add('precert', precertificate, [intermediate]);
  const { tbs, signatureAlgorithm } = parseCertificate(precertificate);
  const resigned = sequence(tbs, signatureAlgorithm, bitString(signBytes(authority.key, tbs)));
  assert.notEqual(hexOf(resigned), hexOf(precertificate));
  const signedAnew = await ct.add('precert', resigned, authority.chain);
  for (const sct of [again, signedAnew]) {
    assert.deepEqual({ ...sct, signature: undefined }, { ...first, signature: undefined });
  }
  assert.deepEqual(
    added.map(({ isDuplicate }) => isDuplicate),
    [false, true, true],
  );
  assert.equal(ct.log.head().size, 1n);
});

test('the same certificate as a precertificate and as issued are two entries', async () => {
  const { ct, objects } = await openOwnCtLog([root]);
  await ct.add('precert', issueWith(authority, poison), authority.chain);
  await ct.add('x509', issueWith(authority), authority.chain);
  assert.equal(ct.log.head().size, 2n);
  const tile = await objects.read('ctlog/tile/data/000.p/2');
  assert.equal(cutTileLeaves(tile?.bytes ?? new Uint8Array()).length, 2);
});

test('issuers are kept once, by their hashes', async () => {
  const { ct, objects } = await openOwnCtLog([root]);
  await ct.add('precert', issueWith(authority, poison), [intermediate]);
  await ct.add('precert', issueWith(authority, poison), authority.chain);
  const keys = await objects.list('ctlog/issuer/');
  assert.equal(keys.length, 2);
  const issuers = await Promise.all(keys.map((key) => ct.readIssuer(Buffer.from(key.split('/')[2] ?? '', 'hex'))));
  assert.deepEqual(issuers.map(hexOf).toSorted(), authority.chain.map(hexOf).toSorted());
  await assert.rejects(ct.readIssuer(new Uint8Array(32)), hasCode('LOG_ENTRY_ABSENT'));
});

test('an issuer that the store has changed is not given away', async () => {
  const first = await openOwnCtLog([root]);
  const name = 'ab'.repeat(32);
  await first.objects.create([{ key: `ctlog/issuer/${name}`, bytes: intermediate }]);
  await assert.rejects(first.ct.readIssuer(Buffer.from(name, 'hex')), hasCode('STORE_FAILED'));
});

/** An authority below the intermediate, which may have none below it. */
const belowKey = createVirtualKey('p256');
const below = { ...authority, key: belowKey, subject: distinguishedName(organization, 'below') };
const belowCertificate = issueLeaf(authority, {
  spki: belowKey.spki,
  at: ctNow,
  scts: [],
  changes: {
    subject: below.subject,
    extensions: () => [keyUsage(5, 6), basicConstraints(true), subjectKeyId(belowKey.spki)],
  },
});

const sctList = { oid: '1.3.6.1.4.1.11129.2.4.2', isCritical: false, value: octetString(Buffer.from([0, 0])) };
const { chain } = authority;
const attacks: Readonly<
  Record<string, readonly ['precert' | 'x509', Uint8Array, readonly Uint8Array[], ErrorCode, RegExp]>
> = {
  'a certificate without poison': ['precert', issueWith(authority), chain, 'SUBMISSION_REFUSED', /add-chain/],
  'a poison that is not critical': [
    'precert',
    issueWith(authority, { ...poison, isCritical: false }),
    chain,
    'SUBMISSION_REFUSED',
    /critical/,
  ],
  'a poison that holds something': [
    'precert',
    issueWith(authority, { ...poison, value: Buffer.from([5, 1, 0]) }),
    chain,
    'SUBMISSION_REFUSED',
    /critical/,
  ],
  'a precertificate with timestamps': [
    'precert',
    issueWith(authority, sctList, poison),
    chain,
    'SUBMISSION_REFUSED',
    /timestamps/,
  ],
  'a precertificate as a certificate': [
    'x509',
    issueWith(authority, poison),
    chain,
    'SUBMISSION_REFUSED',
    /add-pre-chain/,
  ],
  'a chain to a foreign root': [
    'precert',
    issueWith(foreign, poison),
    foreign.chain,
    'SUBMISSION_REFUSED',
    /no root of this log issued/,
  ],
  "a foreign chain with the log's root at its end": [
    'precert',
    issueWith(foreign, poison),
    [foreign.chain[0] ?? root, root],
    'SUBMISSION_REFUSED',
    /issued by/,
  ],
  "a chain of the log's names by other keys": [
    'precert',
    issueWith(double, poison),
    double.chain,
    'SUBMISSION_REFUSED',
    /no root of this log issued/,
  ],
  'an issuer that did not sign': [
    'precert',
    issueWith(double, poison),
    chain,
    'SUBMISSION_REFUSED',
    /issued by|signed/,
  ],
  'an authority that its issuer does not allow': [
    'precert',
    issueWith(below, poison),
    [belowCertificate, ...chain],
    'SUBMISSION_REFUSED',
    /allows 0 authorities below it/,
  ],
  'a leaf as an issuer': [
    'precert',
    issueWith(authority, poison),
    [issueWith(authority), ...chain],
    'SUBMISSION_REFUSED',
    /issued by|authorities below/,
  ],
  'issuers in another order': [
    'precert',
    issueWith(authority, poison),
    chain.toReversed(),
    'SUBMISSION_REFUSED',
    /issued by|root/,
  ],
  'no issuers': ['precert', issueWith(authority, poison), [], 'SUBMISSION_REFUSED', /no root of this log issued/],
  'more issuers than a chain has': [
    'precert',
    issueWith(authority, poison),
    Array.from({ length: 10 }, () => root),
    'INPUT_TOO_LARGE',
    /at most 10/,
  ],
  'an issuer that is no certificate': [
    'precert',
    issueWith(authority, poison),
    [sequence(boolean(true), oid('1.2.3'))],
    'CERTIFICATE_MALFORMED',
    /DER/,
  ],
  'an entry that no tile can hold': [
    'precert',
    issueWith(authority, { oid: '1.2.3', isCritical: false, value: Buffer.alloc(40_000) }, poison),
    chain,
    'INPUT_TOO_LARGE',
    /bytes/,
  ],
};

for (const [what, [kind, certificate, issuers, code, words]] of Object.entries(attacks)) {
  test(`${what}: is refused, and nothing is logged`, async () => {
    const { ct, added } = await openOwnCtLog([root]);
    await assert.rejects(ct.add(kind, certificate, issuers), (error) => {
      assert.match(messageOf(error), words);
      return hasCode(code)(error);
    });
    assert.equal(ct.log.head().size, 0n);
    assert.deepEqual(added, []);
  });
}

test('a way to a root that was taken once does not open the log to others', async () => {
  const { ct } = await openOwnCtLog([root]);
  await ct.add('precert', issueWith(authority, poison), chain);
  const refused = hasCode('SUBMISSION_REFUSED');
  await assert.rejects(ct.add('precert', issueWith(foreign, poison), chain), refused);
  await assert.rejects(ct.add('precert', issueWith(double, poison), chain), refused);
  await assert.rejects(ct.add('precert', issueWith(authority, poison), foreign.chain), refused);
  assert.equal(ct.log.head().size, 1n);
});

test('a precertificate that was changed in any byte is refused, and nothing is logged', async () => {
  const { ct, objects } = await openOwnCtLog([root]);
  const precertificate = issueWith(authority, poison);
  for (let at = 0; at < precertificate.length; at += 1) {
    const changed = precertificate.with(at, (precertificate[at] ?? 0) ^ (1 << (at % 8)));
    await assert.rejects(ct.add('precert', changed, chain), CountersignError, `byte ${at}`);
  }
  assert.equal(ct.log.head().size, 0n);
  assert.deepEqual(await objects.list('ctlog/issuer/'), []);
});

test('a key by which certificate transparency logs do not sign is refused', () => {
  for (const algorithm of ['ecdsa-p384', 'ed25519'] as const) {
    const signer = signerOf(createKeyPair(algorithm));
    assert.throws(() => ctLogKind({ signer, origin: 'log.test' }), hasCode('KEY_UNSUPPORTED'));
  }
});
