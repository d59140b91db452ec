import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { hasCode } from '../../test/support/error-code.ts';
import { buildIndex, contentOf, descriptorOf, jsonContentOf, pushIndex } from '../../test/support/image.ts';
import { createSigner, openImageLab, signBundle, signLegacy } from '../../test/support/image-lab.ts';
import type { ImageLab, LabOptions } from '../../test/support/image-lab.ts';
import { startScriptedServer } from '../../test/support/scripted-server.ts';
import type { Signer } from '../crypto/signer.ts';
import { parseDigest } from '../formats/oci/digest.ts';
import type { Digest } from '../formats/oci/digest.ts';
import { mediaTypes } from '../formats/oci/media-type.ts';
import { parseReference } from '../formats/oci/reference.ts';
import type { Reference } from '../formats/oci/reference.ts';
import { copyImage } from './copy-image.ts';
import type { CopyReport, CopyRequest } from './copy-image.ts';
import { verifyImage } from './verify-image.ts';
import type { ImageReport } from './verify-report.ts';
import { keyPolicyOf } from '../verify/policy.ts';

const progress = { onBytes: (): void => undefined };

interface Pair {
  readonly from: ImageLab;
  readonly to: ImageLab;
  readonly digest: Digest;
  readonly alice: Signer;
  readonly copy: (more?: Partial<CopyRequest>) => Promise<CopyReport>;
  readonly there: (name: string) => Reference;
  readonly verifyThere: (name: string, signer?: Signer, isRecursive?: boolean) => Promise<ImageReport>;
}

/** Two registries: from one with the referrers API to one with or without it. */
async function openPair(t: TestContext, hasReferrers = true, bend?: LabOptions['bend']): Promise<Pair> {
  const from = await openImageLab(t, bend === undefined ? {} : { bend });
  const to = await openImageLab(t, { hasReferrers });
  const alice = createSigner();
  const there = (name: string): Reference => parseReference(`${to.registry.host}/${name}`);
  return {
    from,
    to,
    alice,
    there,
    digest: await from.push('one', 'v1'),
    copy: (more = {}) =>
      copyImage(from.context, {
        source: from.named('app/web:v1'),
        destination: there('mirror/web:v1'),
        isForced: false,
        progress,
        ...more,
      }),
    verifyThere: (name, signer = alice, isRecursive = false) =>
      verifyImage(to.context, {
        reference: there(name),
        signature: keyPolicyOf([signer.publicKey]),
        claims: { kind: 'check', annotations: {}, isReferenceMatched: false, threshold: 1 },
        isRecursive,
      }),
  };
}

for (const hasReferrers of [true, false]) {
  const where = hasReferrers ? 'with the referrers API' : 'with the fallback tag';

  test(`a copy verifies in both forms at a destination ${where}, and a second run sends nothing`, async (t) => {
    const { from, digest, alice, copy, verifyThere } = await openPair(t, hasReferrers);
    const bob = createSigner();
    await signLegacy(from, digest, [alice]);
    await signBundle(from, digest, bob);
    assert.deepEqual(
      (await copy()).copied.map(({ kind, wasThere }) => [kind, wasThere]),
      [
        ['image', false],
        ['attachment', false],
        ['referrer', false],
      ],
    );
    assert.equal((await verifyThere('mirror/web:v1')).exit, 0);
    assert.equal((await verifyThere('mirror/web:v1', bob)).exit, 0);
    from.asked.length = 0;
    const again = await copy();
    assert.deepEqual(
      again.copied.filter(({ wasThere }) => !wasThere),
      [],
    );
    assert.deepEqual(
      from.asked.filter((asked) => !asked.startsWith('GET')),
      ['PUT /v2/mirror/web/manifests/v1'],
    );
  });

  test(`a copy adds to the signatures at a destination ${where}, never replaces them`, async (t) => {
    const { from, to, digest, alice, copy, verifyThere, there } = await openPair(t, hasReferrers);
    const [bob, carol, dave] = [createSigner(), createSigner(), createSigner()];
    const { repository } = there('mirror/web');
    await copy();
    await signLegacy(to, digest, [bob], { repository });
    await signBundle(to, digest, carol, { repository });
    await signLegacy(from, digest, [alice]);
    await signBundle(from, digest, dave);
    await copy();
    for (const signer of [alice, bob, carol, dave]) assert.equal((await verifyThere('mirror/web:v1', signer)).exit, 0);
  });
}

test('an index is copied with its children and what is signed about each', async (t) => {
  const { from, alice, copy, there, verifyThere } = await openPair(t);
  const built = buildIndex('multi');
  const index = parseDigest(await pushIndex(from.registry, 'app/web', 'multi', built));
  for (const digest of [index, ...built.images.map(({ manifest }) => parseDigest(manifest.digest))])
    await signBundle(from, digest, alice);
  await copy({ source: from.named('app/web:multi'), destination: there('mirror/web:multi') });
  assert.equal((await verifyThere('mirror/web:multi', alice, true)).exit, 0);
});

test('one platform of an index is copied alone', async (t) => {
  const { from, copy, there } = await openPair(t);
  const built = buildIndex('multi');
  await pushIndex(from.registry, 'app/web', 'multi', built);
  const source = from.named('app/web:multi');
  const report = await copy({
    source,
    destination: there('mirror/web:arm'),
    platform: { os: 'linux', architecture: 'arm64' },
  });
  assert.equal(report.digest, built.images[1]?.manifest.digest);
  await assert.rejects(
    copy({ source, platform: { os: 'linux', architecture: 's390x' } }),
    hasCode('PLATFORM_NOT_FOUND'),
  );
});

test('a destination tag that names another image is kept, unless forced', async (t) => {
  const { from, to, digest, copy, there } = await openPair(t);
  await copy();
  const other = await from.push('two', 'v2');
  await assert.rejects(copy({ source: from.named('app/web:v2') }), hasCode('COPY_TAG_TAKEN'));
  assert.equal((await to.client.fetchImage(there('mirror/web:v1'))).digest, digest);
  await copy({ source: from.named('app/web:v2'), isForced: true });
  assert.equal((await to.client.fetchImage(there('mirror/web:v1'))).digest, other);
});

test('a destination by another digest is refused', async (t) => {
  const { from, copy, there } = await openPair(t);
  const other = await from.push('two', 'v2');
  await assert.rejects(copy({ destination: there(`mirror/web@${other}`) }), hasCode('DIGEST_UNEXPECTED'));
});

test('only signatures are copied when asked for, and no image', async (t) => {
  const { from, to, digest, alice, copy, there } = await openPair(t);
  await signLegacy(from, digest, [alice]);
  await signBundle(from, digest, alice, { predicateType: 'https://spdx.dev/Document' });
  assert.deepEqual(
    (await copy({ only: ['sig'] })).copied.map(({ kind }) => kind),
    ['attachment'],
  );
  assert.equal(await to.client.fetchManifest(there('mirror/web').repository, 'v1'), undefined);
});

test('a copy that breaks off leaves the destination tag alone, and goes on when run again', async (t) => {
  let isBroken = true;
  const { from, to, digest, alice, copy, there, verifyThere } = await openPair(t, true, async (request, direct) => {
    // The referrer's manifest is the last thing before the tag.
    const isLast =
      request.method === 'PUT' &&
      /mirror\/web\/manifests\/sha256:/.test(request.url.pathname) &&
      !request.url.pathname.includes(digest);
    if (isBroken && isLast) return { status: 500, headers: {}, body: (async function* () {})() };
    return direct(request);
  });
  await signBundle(from, digest, alice);
  await assert.rejects(copy(), hasCode('REGISTRY_FAILED'));
  assert.equal(await to.client.fetchManifest(there('mirror/web').repository, 'v1'), undefined);
  isBroken = false;
  const report = await copy();
  assert.deepEqual(
    report.copied.map(({ kind, wasThere }) => [kind, wasThere]),
    [
      ['image', true],
      ['referrer', false],
    ],
  );
  assert.equal((await verifyThere('mirror/web:v1')).exit, 0);
});

test('a list at the destination that names what is gone does not stand in the way', async (t) => {
  const { from, to, digest, alice, copy, there, verifyThere } = await openPair(t, false);
  const { repository } = there('mirror/web');
  await copy();
  await to.client.deleteManifest(repository, await signBundle(to, digest, createSigner(), { repository }));
  await signBundle(from, digest, alice);
  await copy();
  assert.equal((await verifyThere('mirror/web:v1')).exit, 0);
});

test('the old image is put back onto an overwritten tag', async (t) => {
  const { from, digest, copy } = await openPair(t);
  await from.push('attack', 'v1');
  await assert.rejects(
    copy({ source: from.named(`app/web@${digest}`), destination: from.named('app/web:v1') }),
    hasCode('COPY_TAG_TAKEN'),
  );
  await copy({ source: from.named(`app/web@${digest}`), destination: from.named('app/web:v1'), isForced: true });
  assert.equal((await from.client.fetchImage(from.named('app/web:v1'))).digest, digest);
});

test('referrers that have referrers of their own without end are not followed without end', async (t) => {
  const manifests = new Map<string, Buffer>();
  const add = (subject?: string, index = 0): { mediaType: string; digest: string; size: number } => {
    const { ociManifest: mediaType, ociEmpty } = mediaTypes;
    const empty = descriptorOf(contentOf(ociEmpty, Buffer.from('{}')));
    const about = subject === undefined ? {} : { subject: { mediaType, digest: subject, size: 1 } };
    const layers = [{ ...empty, annotations: { index: String(index) } }];
    const content = jsonContentOf(mediaType, { schemaVersion: 2, mediaType, config: empty, layers, ...about });
    manifests.set(content.digest, content.bytes);
    return descriptorOf(content);
  };
  const image = add();
  manifests.set('v1', manifests.get(image.digest) ?? Buffer.alloc(0));
  const { host } = await startScriptedServer(t, ({ method, path }, response) => {
    const [, name = '', kind = '', reference = ''] = /^\/v2\/(\w+)\/(\w+)\/([^?]*)/.exec(path) ?? [];
    if (method !== 'GET') return response.writeHead(201).end();
    const manifest = name === 'from' && kind === 'manifests' ? manifests.get(reference) : undefined;
    if (kind === 'referrers') {
      const listed = name === 'from' ? Array.from({ length: 40 }, (_, index) => add(reference, index)) : [];
      response.writeHead(200, { 'content-type': mediaTypes.ociIndex });
      return response.end(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: listed }));
    }
    return response
      .writeHead(manifest === undefined ? 404 : 200, { 'content-type': mediaTypes.ociManifest })
      .end(manifest);
  });
  const lab = await openImageLab(t);
  const copy = copyImage(lab.context, {
    source: parseReference(`${host}/from:v1`),
    destination: parseReference(`${host}/to:v1`),
    isForced: false,
    progress,
  });
  await assert.rejects(copy, hasCode('SIGNATURES_OVER_CAP'));
});
