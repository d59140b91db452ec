import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../test/support/error-code.ts';
import { openKeylessMethod, readerPolicyOf, servicesOf } from '../../test/support/served-method.ts';
import { serveSigstore } from '../../test/support/served-sigstore.ts';
import { markersOf, openBench, statusesOf } from '../../test/support/sign-bench.ts';
import type { Bench } from '../../test/support/sign-bench.ts';
import { createTestRuntime } from '../../test/support/test-runtime.ts';
import { hexOf, utf8Of } from '../base/bytes.ts';
import { createKeyPair } from '../crypto/private-key.ts';
import { signerOf } from '../crypto/signer.ts';
import type { SignaturePolicy } from '../verify/policy.ts';
import { attestImage } from './attest-image.ts';
import { findImageSignatures } from './image-signatures.ts';
import { signBlob } from './sign-blob.ts';
import { keyMethodOf, openSigningMethod } from './signing-method.ts';
import type { SigningMethod } from './signing-method.ts';
import { verifyBlob } from './verify-blob.ts';
import { verifyAttestations } from './verify-attestation.ts';
import { verifyImage } from './verify-image.ts';

const verdictOf = async ({ lab }: Bench, signature: SignaturePolicy, annotations = {}): Promise<string> => {
  const report = await verifyImage(lab.context, {
    reference: lab.named('app/web:v1'),
    signature,
    claims: { kind: 'check', annotations, isReferenceMatched: false, threshold: 1 },
    isRecursive: false,
  });
  return report.outcome;
};
const sign = (bench: Bench, method: Promise<SigningMethod>, more = {}): ReturnType<Bench['sign']> =>
  bench.sign(signerOf(createKeyPair('ecdsa-p256')), { method, ...more });

test('both forms are signed by one certificate and each carries its own log entry', async (t) => {
  const served = await serveSigstore(t);
  const bench = await openBench(t);
  const report = await sign(bench, openKeylessMethod(t, served));
  assert.deepEqual(statusesOf(report), ['legacy stored', 'bundle stored']);
  assert.deepEqual(report.images[0]?.names, { subject: 'dev@example.test', issuer: served.issuer });

  const repository = bench.lab.repository;
  const found = (await findImageSignatures(bench.lab.context, { repository, digest: bench.digest }, async () => false))
    .flatMap(({ signatures }) => signatures)
    .map((each) => (each.kind === 'read' ? each.entity : undefined));
  assert.deepEqual(
    found.map((each) => each?.form),
    ['legacy', 'bundle'],
  );
  const certificates = new Set(
    found.map((each) => each?.signer.kind === 'certificate' && hexOf(each.signer.chain[0] ?? new Uint8Array())),
  );
  assert.equal(certificates.size, 1);
  const entries = found.map((each) => each?.logEntries.map(({ kind, logIndex }) => `${kind} ${logIndex}`).join());
  assert.deepEqual(entries, ['hashedrekord 1000005', 'dsse 1000007']);
});

for (const form of ['legacy', 'bundle'] as const) {
  test(`whoever expects this identity verifies the form ${form}, and nobody who expects another`, async (t) => {
    const served = await serveSigstore(t);
    const bench = await openBench(t);
    await sign(bench, openKeylessMethod(t, served, servicesOf(served, true)), { forms: [form] });
    assert.equal(await verdictOf(bench, readerPolicyOf(served)), 'verified');
    const stamped = { ...readerPolicyOf(served), timestamps: { kind: 'required', threshold: 1 } } as const;
    assert.equal(await verdictOf(bench, stamped), 'verified');
    assert.equal(await verdictOf(bench, readerPolicyOf(served, 'boss@example.test')), 'rejected');
  });
}

test('the same identity signs the same once, with another certificate too; other claims and other signers sign anew', async (t) => {
  const served = await serveSigstore(t);
  const bench = await openBench(t);
  await sign(bench, openKeylessMethod(t, served));
  const again = await sign(bench, openKeylessMethod(t, served));
  assert.deepEqual(statusesOf(again), ['legacy already-there', 'bundle already-there']);
  assert.deepEqual(await bench.counts(), [1, 1]);
  await sign(bench, openKeylessMethod(t, served), { annotations: { build: '7' } });
  await sign(bench, Promise.resolve(keyMethodOf(signerOf(createKeyPair('ecdsa-p256')))));
  assert.deepEqual(await bench.counts(), [3, 3]);
  assert.equal(await verdictOf(bench, readerPolicyOf(served), { build: '7' }), 'verified');
});

test('a signature by the key alone does not do where a log entry is wanted', async (t) => {
  const served = await serveSigstore(t);
  const bench = await openBench(t);
  const signer = signerOf(createKeyPair('ecdsa-p256'));
  const credential = { signer, holder: { kind: 'key', key: signer.publicKey } } as const;
  const logged = openSigningMethod(createTestRuntime(t), async () => credential, servicesOf(served));
  await sign(bench, Promise.resolve(keyMethodOf(signer)));
  assert.deepEqual(statusesOf(await sign(bench, logged)), ['legacy stored', 'bundle stored']);
  assert.deepEqual(statusesOf(await sign(bench, logged)), ['legacy already-there', 'bundle already-there']);
  assert.deepEqual(await bench.counts(), [2, 2]);
});

test('when the log takes the first form and fails with the second, nothing is stored', async (t) => {
  const served = await serveSigstore(t);
  const bench = await openBench(t);
  const method = openKeylessMethod(t, served);
  await method;
  let entries = 0;
  served.misdeeds.instead = ({ path }, response) => {
    entries += path === '/api/v1/log/entries' ? 1 : 0;
    if (entries < 2) return false;
    response.writeHead(400).end('{"message":"no room"}');
    return true;
  };
  await assert.rejects(sign(bench, method), hasCode('SERVICE_FAILED'));
  assert.equal(entries, 2);
  assert.deepEqual(await bench.tags(), ['v1']);
  assert.deepEqual(await bench.counts(), [0, 0]);
});

test('signers by identity and by key at the same time lose nothing', async (t) => {
  const served = await serveSigstore(t);
  const bench = await openBench(t);
  const signers = Array.from({ length: 3 }, () => signerOf(createKeyPair('ecdsa-p256')));
  await Promise.all([
    sign(bench, openKeylessMethod(t, served)),
    ...signers.map((signer) => sign(bench, Promise.resolve(keyMethodOf(signer)))),
  ]);
  assert.deepEqual(await bench.counts(), [4, 4]);
  assert.deepEqual(markersOf(await bench.tags()), []);
});

const PREDICATE_TYPE = 'https://example.test/p';
const attest = (
  bench: Bench,
  method: Promise<SigningMethod>,
  forms: readonly ['legacy', 'bundle'] | readonly ['legacy'] | readonly ['bundle'] = ['legacy', 'bundle'],
): ReturnType<typeof attestImage> =>
  attestImage(bench.lab.context, {
    reference: bench.lab.named('app/web:v1'),
    method,
    predicateType: PREDICATE_TYPE,
    predicate: '{"big":12345678901234567890}',
    forms,
  });

test('an attestation is one signature with one log entry in both forms', async (t) => {
  const served = await serveSigstore(t);
  const bench = await openBench(t);
  const report = await attest(bench, openKeylessMethod(t, served, servicesOf(served, true)));
  assert.deepEqual(
    report.forms.map(({ form, status }) => `${form} ${status}`),
    ['legacy stored', 'bundle stored'],
  );
  assert.match(report.forms[0]?.where ?? '', /\.att$/);
  assert.equal(served.server.asked().filter((asked) => asked === 'POST /api/v1/log/entries').length, 1);
  assert.ok((await bench.tags()).includes(`sha256-${bench.digest.slice(7)}.att`));
});

for (const forms of [['legacy'], ['bundle']] as const) {
  test(`the form ${forms[0]} of an attestation verifies by identity and by key`, async (t) => {
    const served = await serveSigstore(t);
    const bench = await openBench(t);
    const signer = signerOf(createKeyPair('ed25519'));
    await attest(bench, openKeylessMethod(t, served, servicesOf(served, true)), forms);
    await attest(bench, Promise.resolve(keyMethodOf(signer)), forms);
    const byIdentity = { ...readerPolicyOf(served), timestamps: { kind: 'required', threshold: 1 } } as const;
    for (const [signature, status] of [
      [byIdentity, 'verified'],
      [keyMethodOf(signer).policy(new Date()), 'verified'],
      [readerPolicyOf(served, 'boss@example.test'), 'rejected'],
    ] as const) {
      const { images } = await verifyAttestations(bench.lab.context, {
        references: [bench.lab.named('app/web:v1')],
        signature,
        type: { kind: 'exactly', name: PREDICATE_TYPE, uri: PREDICATE_TYPE },
        claims: { kind: 'check' },
        inFlight: 1,
      });
      assert.equal(images[0]?.outcome, status);
    }
  });
}

test('an image is signed and attested at the same time, and nothing is lost where signers keep the list of bundles', async (t) => {
  const served = await serveSigstore(t);
  const bench = await openBench(t, { hasReferrers: false });
  const keys = Array.from({ length: 2 }, () => Promise.resolve(keyMethodOf(signerOf(createKeyPair('ecdsa-p256')))));
  await Promise.all([
    sign(bench, openKeylessMethod(t, served)),
    attest(bench, openKeylessMethod(t, served)),
    ...keys.flatMap((method) => [sign(bench, method), attest(bench, method)]),
  ]);
  const [layers, bundles] = await bench.counts();
  assert.deepEqual([layers, bundles], [3, 6]);
});

test('files are signed in both generations of bundles', async (t) => {
  const served = await serveSigstore(t);
  const file = utf8Of('a file\n');
  const { bundle, legacyBundle } = await signBlob(file, await openKeylessMethod(t, served));
  const stream = async function* (): AsyncGenerator<Uint8Array> {
    yield file;
  };
  for (const [bytes, email, status] of [
    [bundle, 'dev@example.test', 'verified'],
    [legacyBundle, 'dev@example.test', 'verified'],
    [bundle, 'boss@example.test', 'rejected'],
    [legacyBundle, 'boss@example.test', 'rejected'],
  ] as const) {
    const proof = { kind: 'bundle', bytes, name: 'file' } as const;
    const artifact = { kind: 'stream', chunks: stream() } as const;
    const { verdict } = await verifyBlob({ signature: readerPolicyOf(served, email), proof, artifact });
    assert.equal(verdict.status, status);
  }
});
