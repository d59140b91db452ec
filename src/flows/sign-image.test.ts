import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { hasCode } from '../../test/support/error-code.ts';
import { buildIndex, pushIndex } from '../../test/support/image.ts';
import { createSigner, signLegacy } from '../../test/support/image-lab.ts';
import type { LabOptions } from '../../test/support/image-lab.ts';
import { markersOf, openBench, requireVerified, statusesOf } from '../../test/support/sign-bench.ts';
import { InputError } from '../base/errors.ts';
import { fallbackTagOf } from '../clients/registry/referrers.ts';
import { parseDigest } from '../formats/oci/digest.ts';
import { parseRepository } from '../formats/oci/reference.ts';
import { signImage } from './sign-image.ts';
import { keyMethodOf } from './signing-method.ts';

/** Gives every request the same length and tells how many followed each other. */
function roundCounter(): {
  readonly bend: NonNullable<LabOptions['bend']>;
  readonly rounds: () => number;
  readonly reset: () => void;
} {
  let finished = 0;
  return {
    bend: async (request, direct) => {
      const round = finished + 1;
      const [answer] = await Promise.all([direct(request), sleep(40)]);
      finished = Math.max(finished, round);
      return answer;
    },
    rounds: () => finished,
    reset: () => {
      finished = 0;
    },
  };
}

for (const hasReferrers of [true, false]) {
  const where = hasReferrers ? 'with the referrers API' : 'with the fallback tag';

  test(`one signer stores both forms in at most eight rounds and leaves the tags that cosign would, ${where}`, async (t) => {
    const { bend, rounds, reset } = roundCounter();
    const bench = await openBench(t, { hasReferrers, bend });
    const alice = createSigner();
    reset();
    const report = await bench.sign(alice);
    t.diagnostic(`${rounds()} rounds`);
    assert.ok(rounds() <= 8, `${rounds()} rounds`);
    assert.deepEqual(statusesOf(report), ['legacy stored', 'bundle stored']);
    assert.equal(report.isComplete, true);
    assert.deepEqual(await bench.counts(), [1, 1]);
    const fallback = hasReferrers ? [] : [fallbackTagOf(bench.digest)];
    assert.deepEqual(await bench.tags(), [...fallback, bench.sigTag, 'v1']);
    await requireVerified(bench, alice);
  });

  test(`signing the same again writes nothing, unless it must be new, ${where}`, async (t) => {
    const bench = await openBench(t, { hasReferrers });
    const alice = createSigner();
    await bench.sign(alice, { annotations: { build: '1' } });
    const before = bench.lab.asked.length;
    const report = await bench.sign(alice, { annotations: { build: '1' } });
    assert.deepEqual(statusesOf(report), ['legacy already-there', 'bundle already-there']);
    assert.equal(report.images[0]?.signatures.length, 2);
    assert.deepEqual(
      bench.lab.asked.slice(before).filter((line) => /^(?:PUT|PATCH|DELETE)/.test(line)),
      [],
    );
    await bench.sign(alice, { annotations: { build: '1' }, isForceNew: true });
    assert.deepEqual(await bench.counts(), [2, 2]);
    await bench.sign(alice, { annotations: { build: '2' } });
    assert.deepEqual(await bench.counts(), [3, 3]);
    await requireVerified(bench, alice, { build: '2' });
  });

  test(`eight signers at once keep eight signatures in both forms and leave no marker, ${where}`, async (t) => {
    const bench = await openBench(t, { hasReferrers });
    const signers = Array.from({ length: 8 }, () => createSigner());
    const reports = await Promise.all(signers.map((signer) => bench.sign(signer)));
    assert.ok(reports.every(({ isComplete }) => isComplete));
    assert.deepEqual(await bench.counts(), [8, 8]);
    assert.deepEqual(markersOf(await bench.tags()), []);
    for (const signer of signers) await requireVerified(bench, signer);
  });
}

test('each image of an index gets its own signatures, the index first', async (t) => {
  const bench = await openBench(t);
  const built = buildIndex('many');
  const digest = await pushIndex(bench.lab.registry, 'app/web', 'many', built);
  const report = await bench.sign(createSigner(), { reference: bench.lab.named('app/web:many'), isRecursive: true });
  const digests = [digest, ...built.images.map(({ manifest }) => manifest.digest)];
  assert.deepEqual(
    report.images.map((image) => image.digest),
    digests,
  );
  const tags = await bench.tags();
  assert.deepEqual(
    digests.filter((each) => !tags.includes(`sha256-${each.slice(7)}.sig`)),
    [],
  );
});

test('an unexpected digest, a reserved annotation and a key that does not open store nothing', async (t) => {
  const bench = await openBench(t);
  const expectDigest = parseDigest(`sha256:${'0'.repeat(64)}`);
  await assert.rejects(bench.sign(createSigner(), { expectDigest }), hasCode('DIGEST_UNEXPECTED'));
  await assert.rejects(bench.sign(createSigner(), { annotations: { Subject: 'me' } }), hasCode('ANNOTATION_RESERVED'));
  const method = Promise.reject(new InputError('KEY_PASSWORD_WRONG', 'no'));
  await assert.rejects(bench.sign(createSigner(), { method }), hasCode('KEY_PASSWORD_WRONG'));
  assert.deepEqual(await bench.tags(), ['v1']);
});

test('without upload it signs and asks nothing but the image', async (t) => {
  const bench = await openBench(t);
  const before = bench.lab.asked.length;
  const report = await bench.sign(createSigner(), { isUpload: false });
  assert.deepEqual(statusesOf(report), ['legacy not-uploaded', 'bundle not-uploaded']);
  assert.deepEqual(
    report.images[0]?.signatures.map(({ form, bundle }) => [form, bundle !== undefined]),
    [
      ['legacy', false],
      ['bundle', true],
    ],
  );
  assert.equal(bench.lab.asked.length - before, 1);
});

test('signatures go to another repository, under a prefix, for each identity', async (t) => {
  const signaturePlace = parseRepository('localhost/app/signatures');
  const bench = await openBench(t, { context: { tagPrefix: 'pre-' } });
  await assert.doesNotReject(bench.sign(createSigner(), { containerIdentities: ['one.example/a', 'two.example/b'] }));
  assert.deepEqual(await bench.counts(), [2, 1]);
  assert.ok((await bench.tags()).includes(bench.sigTag));
  const place = { ...signaturePlace, registry: bench.lab.repository.registry };
  const elsewhere = { ...bench.lab.context, signaturePlace: place };
  await signImage(elsewhere, {
    reference: bench.lab.named('app/web:v1'),
    method: Promise.resolve(keyMethodOf(createSigner())),
    annotations: {},
    forms: ['legacy'],
  });
  assert.deepEqual(await bench.lab.client.listTags(place, ''), [bench.sigTag]);
});

test('the first bundle says how many signatures of others cosign 3 will stop seeing', async (t) => {
  const bench = await openBench(t);
  await signLegacy(bench.lab, bench.digest, [createSigner(), createSigner()]);
  await bench.sign(createSigner());
  assert.ok(bench.said.some((line) => line.startsWith('2 signatures by other signers') && line.includes('cosign 3')));
  const before = bench.said.length;
  await bench.sign(createSigner());
  assert.ok(!bench.said.slice(before).some((line) => line.includes('will not be seen')));
});
