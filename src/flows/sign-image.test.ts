import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { hasCode } from '../../test/support/error-code.ts';
import { buildIndex, pushIndex } from '../../test/support/image.ts';
import { createSigner, openImageLab, signLegacy } from '../../test/support/image-lab.ts';
import type { ImageLab, LabOptions } from '../../test/support/image-lab.ts';
import { utf8Of } from '../base/bytes.ts';
import { InputError } from '../base/errors.ts';
import type { HttpResponse, Log } from '../base/runtime.ts';
import { fallbackTagOf } from '../clients/registry/referrers.ts';
import type { Signer } from '../crypto/signer.ts';
import { encodeSignatureManifest } from '../formats/cosign/signature-manifest.ts';
import { parseDigest } from '../formats/oci/digest.ts';
import type { Digest } from '../formats/oci/digest.ts';
import { parseRepository } from '../formats/oci/reference.ts';
import { signImage } from './sign-image.ts';
import type { SignImageRequest, SignReport } from './sign-image.ts';
import { verifyImage } from './verify-image.ts';

interface Bench {
  readonly lab: ImageLab;
  readonly digest: Digest;
  readonly sigTag: string;
  /** What was said to the person. */
  readonly said: string[];
  readonly sign: (signer: Signer, more?: Partial<SignImageRequest>) => Promise<SignReport>;
  readonly tags: () => Promise<readonly string[]>;
  /** Signatures in the `.sig` image and bundles among the referrers. */
  readonly counts: () => Promise<readonly [number, number]>;
}

async function openBench(t: TestContext, options: LabOptions = {}): Promise<Bench> {
  const said: string[] = [];
  const say = (message: string): void => void said.push(message);
  const lab = await openImageLab(t, options);
  const digest = await lab.push('one', 'v1');
  const log: Log = { note: say, warn: say, noteOnce: say, debug: () => {} };
  const context = { ...lab.context, runtime: { ...lab.context.runtime, log } };
  const repository = context.signaturePlace ?? lab.repository;
  const sigTag = `${context.tagPrefix ?? ''}sha256-${digest.slice(7)}.sig`;
  return {
    lab,
    digest,
    sigTag,
    said,
    sign: (signer, more = {}) =>
      signImage(context, {
        reference: lab.named('app/web:v1'),
        signer: Promise.resolve(signer),
        annotations: {},
        forms: ['legacy', 'bundle'],
        ...more,
      }),
    tags: async () => (await lab.client.listTags(repository, '')) ?? [],
    counts: async () => {
      const manifest = (await lab.client.fetchManifest(repository, sigTag))?.manifest;
      const { descriptors } = await lab.client.fetchReferrers(repository, digest);
      return [manifest?.kind === 'image' ? manifest.layers.length : 0, descriptors.length];
    },
  };
}

function statusesOf(report: SignReport): readonly string[] {
  return report.images.flatMap(({ forms }) => forms.map(({ form, status }) => `${form} ${status}`));
}

async function requireVerified({ lab }: Bench, signer: Signer, annotations = {}): Promise<void> {
  const report = await verifyImage(lab.context, {
    reference: lab.named('app/web:v1'),
    keys: [signer.publicKey],
    claims: { kind: 'check', annotations, isReferenceMatched: true, threshold: 1 },
    log: { kind: 'none-configured' },
    isRecursive: false,
  });
  assert.equal(report.outcome, 'verified');
}

function markersOf(tags: readonly string[]): readonly string[] {
  return tags.filter((tag) => tag.includes('.sig-'));
}

function answerOf(status: number, text = ''): HttpResponse {
  const body = async function* (): AsyncIterable<Uint8Array> {
    yield utf8Of(text);
  };
  return { status, headers: {}, body: body() };
}

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
  const signer = Promise.reject(new InputError('KEY_PASSWORD_WRONG', 'no'));
  await assert.rejects(bench.sign(createSigner(), { signer }), hasCode('KEY_PASSWORD_WRONG'));
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
    signer: Promise.resolve(createSigner()),
    annotations: {},
    forms: ['legacy'],
  });
  assert.deepEqual(await bench.lab.client.listTags(place, ''), [bench.sigTag]);
});

test('a form that cannot be stored does not keep the other, and signing again completes it', async (t) => {
  const refused = { status: 0 };
  const bench = await openBench(t, {
    bend: (request, direct) =>
      refused.status !== 0 && request.method === 'PUT' && request.url.pathname.endsWith('.sig')
        ? Promise.resolve(answerOf(refused.status))
        : direct(request),
  });
  const [alice, bob] = [createSigner(), createSigner()];
  await bench.sign(alice, { forms: ['legacy'] });
  refused.status = 409;
  const report = await bench.sign(bob);
  assert.equal(report.isComplete, false);
  assert.deepEqual(statusesOf(report), ['legacy failed', 'bundle stored']);
  assert.ok(hasCode('SIGNATURE_IMMUTABLE')(report.images[0]?.forms[0]?.error));
  refused.status = 0;
  assert.deepEqual(statusesOf(await bench.sign(bob)), ['legacy stored', 'bundle already-there']);
  assert.deepEqual(await bench.counts(), [2, 1]);
});

test('what could not be read is not written over', async (t) => {
  const denied = { isOn: false };
  const bench = await openBench(t, {
    bend: (request, direct) =>
      denied.isOn && request.method === 'GET' && request.url.pathname.endsWith('.sig')
        ? Promise.resolve(answerOf(403))
        : direct(request),
  });
  await bench.sign(createSigner());
  denied.isOn = true;
  const report = await bench.sign(createSigner());
  assert.deepEqual(statusesOf(report), ['legacy failed', 'bundle stored']);
  assert.ok(hasCode('REGISTRY_DENIED')(report.images[0]?.forms[0]?.error));
  denied.isOn = false;
  assert.deepEqual(await bench.counts(), [1, 2]);
});

test('when nobody knows whether a write arrived, the marker stays for others to wait for', async (t) => {
  const lost = { isOn: true };
  const bench = await openBench(t, {
    bend: (request, direct) =>
      lost.isOn && request.method === 'PUT' && request.url.pathname.endsWith('.sig')
        ? Promise.resolve(answerOf(504))
        : direct(request),
  });
  const report = await bench.sign(createSigner(), { forms: ['legacy'] });
  assert.deepEqual(statusesOf(report), ['legacy failed']);
  const marker = (await bench.tags()).find((tag) => tag.includes('.sig-'));
  const fetched = await bench.lab.client.fetchManifest(bench.lab.repository, marker ?? '');
  assert.equal(fetched?.manifest.annotations?.['dev.countersign.state'], 'active');
});

test('a registry that stumbles over what another signer is writing is asked again', async (t) => {
  const stumbled = new Set<string>();
  const bench = await openBench(t, {
    bend: (request, direct) => {
      const key = `${request.method} ${request.url.pathname}`;
      if (stumbled.has(key) || !/\.sig|tags\/list|referrers/.test(key) || request.method === 'DELETE') {
        return direct(request);
      }
      stumbled.add(key);
      const invalid = {
        errors: [{ code: 'DIGEST_INVALID', message: 'provided digest did not match uploaded content' }],
      };
      return Promise.resolve(request.method === 'PUT' ? answerOf(400, JSON.stringify(invalid)) : answerOf(500));
    },
  });
  assert.equal((await bench.sign(createSigner())).isComplete, true);
  assert.ok(stumbled.size >= 5);
  assert.deepEqual(await bench.counts(), [1, 1]);
});

test('a registry that takes a signature and does not keep it is not believed', async (t) => {
  const bench = await openBench(t, {
    bend: (request, direct) =>
      request.method === 'PUT' && request.url.pathname.endsWith('.sig')
        ? Promise.resolve(answerOf(201))
        : direct(request),
  });
  const report = await bench.sign(createSigner());
  assert.deepEqual(statusesOf(report), ['legacy failed', 'bundle stored']);
  assert.ok(hasCode('SIGNATURE_NOT_KEPT')(report.images[0]?.forms[0]?.error));
  assert.equal(markersOf(await bench.tags()).length, 0);
});

test('a marker that cannot be read ends the run without leaving one for others to wait for', async (t) => {
  const bench = await openBench(t, {
    bend: (request, direct) =>
      request.method === 'GET' && request.url.pathname.endsWith('00000000000c')
        ? Promise.resolve(answerOf(403))
        : direct(request),
  });
  const { manifest, mediaType, config } = encodeSignatureManifest([], { mediaTypes: 'oci' });
  await bench.lab.client.putBlob(bench.lab.repository, config);
  await bench.lab.client.putManifest(bench.lab.repository, `${bench.sigTag}-00000000000c`, manifest, mediaType);
  const report = await bench.sign(createSigner());
  assert.deepEqual(statusesOf(report), ['legacy failed', 'bundle failed']);
  assert.deepEqual(markersOf(await bench.tags()), [`${bench.sigTag}-00000000000c`]);
});

test('the first bundle says how many signatures of others cosign 3 will stop seeing', async (t) => {
  const bench = await openBench(t);
  await signLegacy(bench.lab, bench.digest, [createSigner(), createSigner()]);
  await bench.sign(createSigner());
  assert.ok(bench.said.some((line) => line.startsWith('2 signatures by other keys') && line.includes('cosign 3')));
  const before = bench.said.length;
  await bench.sign(createSigner());
  assert.ok(!bench.said.slice(before).some((line) => line.includes('will not be seen')));
});

test('a registry without tag listing is told of, and leaves no marker', async (t) => {
  const bench = await openBench(t, {
    bend: (request, direct) =>
      request.url.pathname.endsWith('/tags/list') ? Promise.resolve(answerOf(405)) : direct(request),
  });
  assert.equal((await bench.sign(createSigner())).isComplete, true);
  assert.ok(bench.said.some((line) => line.includes('does not list tags')));
  assert.deepEqual(bench.lab.asked.filter((line) => line.startsWith('DELETE') && line.includes('.sig-')).length, 1);
  assert.deepEqual(await bench.counts(), [1, 1]);
});

test('where deletion is not allowed, the marker says done and the next signer does not wait', async (t) => {
  const bench = await openBench(t, {
    bend: (request, direct) => (request.method === 'DELETE' ? Promise.resolve(answerOf(405)) : direct(request)),
  });
  await bench.sign(createSigner());
  assert.equal((await bench.sign(createSigner())).isComplete, true);
  assert.deepEqual(await bench.counts(), [2, 2]);
  assert.equal(markersOf(await bench.tags()).length, 2);
  assert.ok(bench.said.some((line) => line.includes('does not allow deletion')));
});

test('what a signer that died left is added and removed; what is no marker is left alone', async (t) => {
  const bench = await openBench(t);
  const { client, repository } = bench.lab;
  const dead = createSigner();
  await bench.sign(dead, { forms: ['legacy'] });
  const standing = (await client.fetchManifest(repository, bench.sigTag))?.manifest;
  const layers = standing?.kind === 'image' ? standing.layers : [];
  const leftOf = (name: string): ReturnType<typeof encodeSignatureManifest> =>
    encodeSignatureManifest(layers, {
      mediaTypes: 'oci',
      annotations: {
        'dev.countersign.signer': name,
        'dev.countersign.state': 'active',
        'dev.countersign.deadline': '2020-01-01T00:00:00Z',
      },
    });
  for (const [tag, name] of [
    ['00000000000a', '00000000000a'],
    ['00000000000b', 'of another name'],
  ] as const) {
    const { manifest, mediaType } = leftOf(name);
    await client.putManifest(repository, `${bench.sigTag}-${tag}`, manifest, mediaType);
  }
  await client.deleteTag(
    repository,
    bench.sigTag,
    parseDigest((await client.fetchManifest(repository, bench.sigTag))?.digest ?? ''),
  );
  await bench.sign(createSigner(), { forms: ['legacy'] });
  assert.deepEqual(await bench.counts(), [2, 0]);
  assert.deepEqual(markersOf(await bench.tags()), [`${bench.sigTag}-00000000000b`]);
  await requireVerified(bench, dead);
});

test('a single signer writes no marker', async (t) => {
  const bench = await openBench(t);
  await bench.sign(createSigner(), { isSingleSigner: true });
  assert.deepEqual(
    bench.lab.asked.filter((line) => line.includes('.sig-') || line.includes('tags/list')),
    [],
  );
  assert.deepEqual(await bench.counts(), [1, 1]);
});
