import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { hasCode } from '../../test/support/error-code.ts';
import { buildIndex, jsonContentOf, pushIndex, pushManifest } from '../../test/support/image.ts';
import { createSigner, openImageLab, signBundle, signLegacy } from '../../test/support/image-lab.ts';
import type { ImageLab, LabOptions } from '../../test/support/image-lab.ts';
import type { Signer } from '../crypto/signer.ts';
import { parseDigest } from '../formats/oci/digest.ts';
import type { Digest } from '../formats/oci/digest.ts';
import { parseReference, repositoryNameOf } from '../formats/oci/reference.ts';
import { verifyImage, verifyImages } from './verify-image.ts';
import type { ImageReport } from './verify-report.ts';
import type { ClaimsTerms, VerifyTerms } from './verify-terms.ts';
import { keyPolicyOf } from '../verify/policy.ts';

const checked: ClaimsTerms = { kind: 'check', annotations: {}, isReferenceMatched: false, threshold: 1 };

function termsOf(signer: Signer, claims: ClaimsTerms = checked, more: readonly Signer[] = []): VerifyTerms {
  return {
    signature: keyPolicyOf([signer.publicKey, ...more.map((each) => each.publicKey)]),
    claims,
    isRecursive: false,
  };
}

interface Signed {
  readonly lab: ImageLab;
  readonly digest: Digest;
  readonly alice: Signer;
  readonly verify: (terms?: VerifyTerms, name?: string) => Promise<ImageReport>;
}

async function openSigned(t: TestContext, options: LabOptions = {}): Promise<Signed> {
  const lab = await openImageLab(t, options);
  const digest = await lab.push('one', 'v1');
  const alice = createSigner();
  return {
    lab,
    digest,
    alice,
    verify: (terms = termsOf(alice), name = 'app/web:v1') =>
      verifyImage(lab.context, { ...terms, reference: lab.named(name) }),
  };
}

for (const hasReferrers of [true, false]) {
  const where = hasReferrers ? 'with the referrers API' : 'with the fallback tag';

  test(`a .sig signature by the key verifies ${where}`, async (t) => {
    const { lab, digest, alice, verify } = await openSigned(t, { hasReferrers });
    await signLegacy(lab, digest, [alice]);
    const report = await verify();
    assert.deepEqual([report.outcome, report.exit, report.failed], ['verified', 0, undefined]);
    assert.equal(report.resolved, `${repositoryNameOf(lab.repository)}@${digest}`);
    assert.deepEqual(
      report.sources.map(({ form, status }) => [form, status]),
      [
        ['legacy', 'found'],
        ['bundle', 'absent'],
      ],
    );
  });

  test(`a bundle by the key verifies ${where}`, async (t) => {
    const { lab, digest, alice, verify } = await openSigned(t, { hasReferrers });
    await signBundle(lab, digest, alice);
    assert.equal((await verify()).outcome, 'verified');
  });

  test(`an image that nobody signed is absent, exit 10, ${where}`, async (t) => {
    const { verify } = await openSigned(t, { hasReferrers });
    const report = await verify();
    assert.deepEqual([report.outcome, report.exit], ['absent', 10]);
    assert.match(report.summary, /no signatures found/);
  });
}

test('an image that is not there is exit 11', async (t) => {
  const { verify } = await openSigned(t);
  const report = await verify(undefined, 'app/web:v9');
  assert.deepEqual([report.outcome, report.exit, report.failed?.step], ['image-absent', 11, 'image']);
});

test('signatures by other keys are rejected, exit 12, in either form', async (t) => {
  const { lab, digest, verify } = await openSigned(t);
  await signLegacy(lab, digest, [createSigner()]);
  assert.deepEqual(pick(await verify()), ['rejected', 12, 'signature']);
  const bundled = await lab.push('two', 'v2');
  await signBundle(lab, bundled, createSigner());
  assert.deepEqual(pick(await verify(undefined, 'app/web:v2')), ['rejected', 12, 'signature']);
});

test('one acceptable signature among others by strangers is enough, wherever it stands', async (t) => {
  const { lab, digest, alice, verify } = await openSigned(t);
  await signLegacy(lab, digest, [createSigner(), createSigner()]);
  await signBundle(lab, digest, createSigner());
  await signBundle(lab, digest, alice);
  const report = await verify();
  assert.equal(report.exit, 0);
  assert.deepEqual(report.signatures.map(({ verdict }) => verdict.status).toSorted(), [
    'rejected',
    'rejected',
    'rejected',
    'verified',
  ]);
});

test('an overwritten tag names the new digest and says that the tag may have been moved', async (t) => {
  const { lab, digest, alice, verify } = await openSigned(t);
  await signLegacy(lab, digest, [alice]);
  const attackers = await lab.push('attack', 'v1');
  const report = await verify();
  assert.deepEqual(pick(report), ['absent', 10, 'signatures']);
  assert.equal(report.digest, attackers);
  assert.match(report.failed?.next ?? '', /overwritten/);
});

test('a signature moved from another image is rejected at its claims', async (t) => {
  const { lab, digest, alice, verify } = await openSigned(t);
  const other = await lab.push('two', 'v2');
  await signLegacy(lab, digest, [alice], { claimedDigest: other });
  assert.deepEqual(pick(await verify()), ['rejected', 12, 'claims.digest']);
  await signBundle(lab, digest, alice, { claimedDigest: other });
  assert.deepEqual(pick(await verify()), ['rejected', 12, 'claims.digest']);
});

test('of several rejected signatures the one that came furthest explains the failure', async (t) => {
  const { lab, digest, alice, verify } = await openSigned(t);
  const other = await lab.push('two', 'v2');
  await signLegacy(lab, digest, [createSigner(), createSigner()]);
  await signBundle(lab, digest, alice, { claimedDigest: other });
  assert.equal((await verify()).failed?.step, 'claims.digest');
});

test('an attestation by the right key is no signature: the image stays unsigned', async (t) => {
  const { lab, digest, alice, verify } = await openSigned(t);
  await signBundle(lab, digest, alice, { predicateType: 'https://spdx.dev/Document' });
  const report = await verify();
  assert.deepEqual([report.outcome, report.exit], ['absent', 10]);
  assert.match(report.checks.find(({ step }) => step === 'source.bundle')?.note ?? '', /attestation/);
});

test('annotations must have been signed with the wanted value', async (t) => {
  const { lab, digest, alice, verify } = await openSigned(t);
  await signLegacy(lab, digest, [alice], { annotations: { env: 'prod', team: 'a' } });
  assert.equal((await verify(termsOf(alice, { ...checked, annotations: { env: 'prod' } }))).exit, 0);
  assert.deepEqual(pick(await verify(termsOf(alice, { ...checked, annotations: { env: 'test' } }))), [
    'rejected',
    12,
    'claims.annotations',
  ]);
});

test('the docker-reference counts only when asked for', async (t) => {
  const { lab, digest, alice, verify } = await openSigned(t);
  await signLegacy(lab, digest, [alice], { dockerReference: 'registry.example/other' });
  assert.equal((await verify()).exit, 0);
  assert.deepEqual(pick(await verify(termsOf(alice, { ...checked, isReferenceMatched: true }))), [
    'rejected',
    12,
    'claims.reference',
  ]);
});

test("unchecked claims verify another image's signature, and the report says so", async (t) => {
  const { lab, digest, alice, verify } = await openSigned(t);
  await signLegacy(lab, digest, [alice], { claimedDigest: await lab.push('two', 'v2') });
  const report = await verify(termsOf(alice, { kind: 'unchecked' }));
  assert.deepEqual([report.exit, report.isClaimsChecked], [0, false]);
  assert.match(report.summary, /claims NOT checked/);
});

test('a threshold counts distinct keys, over both forms', async (t) => {
  const { lab, digest, alice, verify } = await openSigned(t);
  const bob = createSigner();
  const two = termsOf(alice, { ...checked, threshold: 2 }, [bob]);
  await signLegacy(lab, digest, [alice]);
  await signBundle(lab, digest, alice);
  assert.deepEqual(pick(await verify(two)), ['rejected', 12, 'threshold']);
  await signBundle(lab, digest, bob);
  assert.equal((await verify(two)).exit, 0);
});

test('a threshold that the keys cannot meet is refused', async (t) => {
  const { alice, verify } = await openSigned(t);
  await assert.rejects(verify(termsOf(alice, { ...checked, threshold: 2 })), hasCode('THRESHOLD_INVALID'));
  await assert.rejects(verify(termsOf(alice, { ...checked, threshold: 2 }, [alice])), hasCode('THRESHOLD_INVALID'));
  await assert.rejects(verify(termsOf(alice, { ...checked, threshold: 0 })), hasCode('THRESHOLD_INVALID'));
});

test('recursion wants the index and every child signed', async (t) => {
  const { lab, alice, verify } = await openSigned(t);
  const built = buildIndex('multi');
  const index = parseDigest(await pushIndex(lab.registry, 'app/web', 'multi', built));
  const children = built.images.map(({ manifest }) => parseDigest(manifest.digest));
  const terms = { ...termsOf(alice), isRecursive: true };
  await signLegacy(lab, index, [alice]);
  assert.equal((await verify({ ...terms, isRecursive: false }, 'app/web:multi')).exit, 0);
  const unsigned = await verify(terms, 'app/web:multi');
  assert.deepEqual(pick(unsigned), ['absent', 10, 'signatures']);
  assert.match(unsigned.summary, new RegExp(children[0] ?? 'none'));
  for (const child of children) await signBundle(lab, child, alice);
  const signed = await verify(terms, 'app/web:multi');
  assert.deepEqual(
    [signed.exit, signed.children.map(({ outcome, platform }) => [outcome, platform?.architecture])],
    [
      0,
      [
        ['verified', 'amd64'],
        ['verified', 'arm64'],
      ],
    ],
  );
});

test('a child index that the registry has lost leaves the question open', async (t) => {
  const { lab, alice, verify } = await openSigned(t);
  const nested = parseDigest(await pushIndex(lab.registry, 'app/web', 'nested', buildIndex('nested')));
  const { mediaType, bytes } = buildIndex('nested').index;
  const outer = jsonContentOf(mediaType, {
    schemaVersion: 2,
    mediaType,
    manifests: [{ mediaType, digest: nested, size: bytes.length }],
  });
  const digest = parseDigest(await pushManifest(lab.registry, 'app/web', 'outer', outer));
  await signLegacy(lab, digest, [alice]);
  await lab.client.deleteManifest(lab.repository, nested);
  const report = await verify({ ...termsOf(alice), isRecursive: true }, 'app/web:outer');
  assert.deepEqual([report.outcome, report.exit], ['unknown', 20]);
  assert.match(report.summary, new RegExp(nested));
});

test('several images are all judged, in the order of the arguments, and the first failure decides', async (t) => {
  const { lab, digest, alice } = await openSigned(t);
  await signLegacy(lab, digest, [alice]);
  await lab.push('two', 'v2');
  const references = ['app/web:v1', 'app/web:gone', 'app/web:v2'].map(lab.named);
  const report = await verifyImages(lab.context, { ...termsOf(alice), references, inFlight: 2 });
  assert.deepEqual(
    report.images.map(({ exit }) => exit),
    [0, 11, 10],
  );
  assert.equal(report.exit, 11);
});

test('signatures kept in another repository, under a tag prefix, are found there', async (t) => {
  const { lab, digest, alice } = await openSigned(t);
  const signaturePlace = { registry: lab.repository.registry, path: 'sigs/web' };
  const context = { ...lab.context, signaturePlace, tagPrefix: 'team-' };
  await signLegacy({ ...lab, context }, digest, [alice], { repository: signaturePlace });
  const request = { ...termsOf(alice), reference: lab.named('app/web:v1') };
  assert.equal((await verifyImage(context, request)).exit, 0);
  assert.equal((await verifyImage(lab.context, request)).exit, 10);
});

test("a detached signature is judged instead of the registry's, with the implied payload or the given one", async (t) => {
  const { lab, digest, alice, verify } = await openSigned(t);
  const payload = new TextEncoder().encode(
    `{"critical":{"identity":{"docker-reference":"${repositoryNameOf(lab.repository)}"},"image":{"docker-manifest-digest":"${digest}"},"type":"cosign container image signature"},"optional":null}`,
  );
  const signature = await alice.sign(payload);
  assert.equal((await verify({ ...termsOf(alice), detached: { signature } })).exit, 0);
  assert.equal((await verify({ ...termsOf(alice), detached: { signature, payload } })).exit, 0);
  assert.deepEqual(pick(await verify({ ...termsOf(createSigner()), detached: { signature } })), [
    'rejected',
    12,
    'signature',
  ]);
});

test('an unreachable registry is "could not look", exit 20', async (t) => {
  const { lab, alice } = await openSigned(t);
  const report = await verifyImage(lab.context, {
    ...termsOf(alice),
    reference: parseReference('127.0.0.1:1/app/web:v1'),
  });
  assert.deepEqual(pick(report), ['unknown', 20, 'image']);
});

test('a verify takes four rounds of requests for both forms and three for the legacy form, each request once', async (t) => {
  const rounds = openRounds();
  const { lab, digest, alice, verify } = await openSigned(t, { bend: rounds.bend });
  await signLegacy(lab, digest, [alice]);
  const count = async (): Promise<number> => {
    lab.asked.length = 0;
    rounds.restart();
    assert.equal((await verify()).exit, 0);
    assert.equal(new Set(lab.asked).size, lab.asked.length);
    return rounds.count();
  };
  assert.equal(await count(), 3);
  await signBundle(lab, digest, alice);
  assert.equal(await count(), 4);
});

/** Holds every request until no other has come for a while, then lets all go at once: one round of a slow network. */
function openRounds(): {
  readonly bend: NonNullable<LabOptions['bend']>;
  readonly restart: () => void;
  readonly count: () => number;
} {
  let waiting: (() => void)[] = [];
  let count = 0;
  let timer: NodeJS.Timeout | undefined;
  const release = (): void => {
    count += 1;
    waiting.splice(0).forEach((go) => go());
  };
  return {
    bend: async (request, direct) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push(resolve);
      clearTimeout(timer);
      timer = setTimeout(release, 40);
      await promise;
      return direct(request);
    },
    restart: () => {
      waiting = [];
      count = 0;
    },
    count: () => count,
  };
}

function pick({ outcome, exit, failed }: ImageReport): readonly unknown[] {
  return [outcome, exit, failed?.step];
}
