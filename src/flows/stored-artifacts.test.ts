import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { hasCode } from '../../test/support/error-code.ts';
import {
  bundleFor,
  createSigner,
  legacyLayer,
  listReferrer,
  openImageLab,
  putLayers,
  putReferrer,
  signBundle,
  signLegacy,
} from '../../test/support/image-lab.ts';
import type { ImageLab } from '../../test/support/image-lab.ts';
import { registryRequest } from '../../test/support/registry-request.ts';
import { utf8Of } from '../base/bytes.ts';
import { encodeSignatureManifest } from '../formats/cosign/signature-manifest.ts';
import { digestOf } from '../formats/oci/digest.ts';
import type { Digest } from '../formats/oci/digest.ts';
import { mediaTypes } from '../formats/oci/media-type.ts';
import { cleanImage, planClean } from './clean-image.ts';
import type { CleanType } from './clean-image.ts';
import { downloadSignatures } from './download-signatures.ts';
import { treeOf } from './tree.ts';

const SBOM_TYPE = 'https://spdx.dev/Document';

/** An image with one of everything: `.sig`, `.att`, a marker, a signature bundle, an attestation bundle, another tool's SBOM. */
async function fill(lab: ImageLab): Promise<{ readonly digest: Digest; readonly foreign: Digest }> {
  const digest = await lab.push('one', 'v1');
  const signer = createSigner();
  const tag = await signLegacy(lab, digest, [signer]);
  const layer = await legacyLayer(lab, digest, signer);
  await putLayers(lab, digest, [layer], 'att');
  const marker = encodeSignatureManifest([layer.layer], {
    mediaTypes: 'oci',
    annotations: { 'dev.countersign.signer': 'x' },
  });
  await lab.client.putManifest(lab.repository, `${tag}-0123456789ab`, marker.manifest, marker.mediaType);
  await signBundle(lab, digest, signer);
  await signBundle(lab, digest, signer, { predicateType: SBOM_TYPE });
  return { digest, foreign: await putForeign(lab, digest) };
}

async function putForeign(lab: ImageLab, digest: Digest): Promise<Digest> {
  const blob = utf8Of('{}');
  await lab.client.putBlob(lab.repository, blob);
  const layer = { mediaType: 'application/spdx+json', digest: digestOf(blob), size: 2 };
  const subject = { mediaType: mediaTypes.ociManifest, digest, size: 1 };
  const bytes = utf8Of(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      artifactType: 'application/spdx+json',
      config: { ...layer, mediaType: mediaTypes.ociEmpty },
      layers: [layer],
      subject,
    }),
  );
  const stored = await lab.client.putManifest(lab.repository, undefined, bytes, mediaTypes.ociManifest);
  await listReferrer(lab, digest, { mediaType: mediaTypes.ociManifest, digest: stored, size: bytes.length });
  return stored;
}

async function tagsOf(lab: ImageLab): Promise<readonly string[]> {
  const { body } = await registryRequest(lab.registry, 'GET', '/v2/app/web/tags/list');
  return (JSON.parse(body.toString()) as { tags: string[] }).tags.toSorted();
}

async function kindsOf(lab: ImageLab): Promise<readonly string[]> {
  const { branches } = await treeOf(lab.context, lab.named('app/web:v1'));
  return branches
    .map(({ kind, artifactType }) => (artifactType === undefined ? kind : `${kind} ${artifactType}`))
    .toSorted();
}

async function clean(lab: ImageLab, type: CleanType): Promise<number> {
  return (await cleanImage(lab.context, await planClean(lab.context, { reference: lab.named('app/web:v1'), type })))
    .removed.length;
}

function bothKinds(name: string, run: (t: TestContext, hasReferrers: boolean) => Promise<void>): void {
  test(`${name}, with the referrers API`, (t) => run(t, true));
  test(`${name}, with the fallback tag`, (t) => run(t, false));
}

bothKinds('the tree shows tags, referrers and markers for what they are', async (t, hasReferrers) => {
  const lab = await openImageLab(t, { hasReferrers });
  await fill(lab);
  assert.deepEqual(await kindsOf(lab), [
    'attestations',
    'marker',
    'referrer application/spdx+json',
    'referrer https://sigstore.dev/cosign/sign/v1',
    `referrer ${SBOM_TYPE}`,
    'signatures',
  ]);
});

test('the tree of an image about which nothing is stored is empty, and of no image an error', async (t) => {
  const lab = await openImageLab(t);
  await lab.push('one', 'v1');
  assert.deepEqual(await kindsOf(lab), []);
  await assert.rejects(treeOf(lab.context, lab.named('app/web:gone')), hasCode('IMAGE_NOT_FOUND'));
});

bothKinds(
  "clean of all removes what cosign and we store, and leaves the image and other tools' referrers",
  async (t, hasReferrers) => {
    const lab = await openImageLab(t, { hasReferrers });
    const { foreign } = await fill(lab);
    assert.equal(await clean(lab, 'all'), 5);
    assert.deepEqual(await kindsOf(lab), ['referrer application/spdx+json']);
    assert.notEqual(await lab.client.fetchManifest(lab.repository, foreign), undefined);
    assert.deepEqual(
      (await tagsOf(lab)).filter((tag) => tag !== 'v1' && !/^sha256-[0-9a-f]{64}$/.test(tag)),
      [],
    );
    assert.equal(await clean(lab, 'all'), 0);
  },
);

bothKinds('clean by type removes that type alone', async (t, hasReferrers) => {
  const lab = await openImageLab(t, { hasReferrers });
  await fill(lab);
  assert.equal(await clean(lab, 'sbom'), 0);
  assert.equal(await clean(lab, 'attestation'), 2);
  assert.deepEqual(await kindsOf(lab), [
    'marker',
    'referrer application/spdx+json',
    'referrer https://sigstore.dev/cosign/sign/v1',
    'signatures',
  ]);
  assert.equal(await clean(lab, 'signature'), 3);
  assert.deepEqual(await kindsOf(lab), ['referrer application/spdx+json']);
});

test('clean of the last referrer removes the fallback tag too', async (t) => {
  const lab = await openImageLab(t, { hasReferrers: false });
  const digest = await lab.push('one', 'v1');
  await signBundle(lab, digest, createSigner());
  assert.equal((await tagsOf(lab)).length, 2);
  await clean(lab, 'referrer');
  assert.deepEqual(await tagsOf(lab), ['v1']);
});

test('clean takes a lost referrer off the list', async (t) => {
  const lab = await openImageLab(t, { hasReferrers: false });
  const digest = await lab.push('one', 'v1');
  const lost = await signBundle(lab, digest, createSigner());
  await signBundle(lab, digest, createSigner());
  await lab.client.deleteManifest(lab.repository, lost);
  await clean(lab, 'all');
  assert.deepEqual(await tagsOf(lab), ['v1']);
});

test('clean says so when the registry forbids deletion', async (t) => {
  const lab = await openImageLab(t, {
    bend: async (request, direct) =>
      request.method === 'DELETE' ? { status: 405, headers: {}, body: (async function* () {})() } : direct(request),
  });
  const digest = await lab.push('one', 'v1');
  await signLegacy(lab, digest, [createSigner()]);
  await assert.rejects(clean(lab, 'all'), hasCode('CLEAN_FORBIDDEN'));
});

test('clean honours the other repository and the tag prefix', async (t) => {
  const lab = await openImageLab(t);
  const digest = await lab.push('one', 'v1');
  const signaturePlace = { registry: lab.repository.registry, path: 'sigs/web' };
  const elsewhere = { ...lab, context: { ...lab.context, signaturePlace, tagPrefix: 'team-' } };
  await signLegacy(lab, digest, [createSigner()]);
  await signLegacy(elsewhere, digest, [createSigner()], { repository: signaturePlace });
  assert.equal(await clean(elsewhere, 'all'), 1);
  assert.deepEqual(await kindsOf(lab), ['signatures']);
});

test('signatures download as bundles where there are any, else in the legacy shape', async (t) => {
  const lab = await openImageLab(t);
  const digest = await lab.push('one', 'v1');
  const signer = createSigner();
  await signLegacy(lab, digest, [signer]);
  const download = (): ReturnType<typeof downloadSignatures> =>
    downloadSignatures(lab.context, lab.named('app/web:v1'));
  const [legacy = ''] = (await download()).lines;
  assert.deepEqual(Object.keys(JSON.parse(legacy) as object), [
    'Base64Signature',
    'Payload',
    'Cert',
    'Chain',
    'Bundle',
    'RFC3161Timestamp',
  ]);
  await signBundle(lab, digest, signer);
  const both = await download();
  assert.deepEqual(
    both.signatures.map(({ form }) => form),
    ['legacy', 'bundle'],
  );
  assert.deepEqual(
    both.lines.map((line) => (JSON.parse(line) as { mediaType: string }).mediaType),
    [mediaTypes.bundleV03],
  );
});

test('a bundle stored over several lines downloads as one', async (t) => {
  const lab = await openImageLab(t);
  const digest = await lab.push('one', 'v1');
  const compact = new TextDecoder().decode(await bundleFor(digest, createSigner()));
  await putReferrer(lab, digest, utf8Of(JSON.stringify(JSON.parse(compact), undefined, 2)));
  assert.deepEqual((await downloadSignatures(lab.context, lab.named('app/web:v1'))).lines, [compact]);
});

test('downloading from an unsigned image, or one whose signature cannot be read, is an error', async (t) => {
  const lab = await openImageLab(t);
  const digest = await lab.push('one', 'v1');
  await assert.rejects(downloadSignatures(lab.context, lab.named('app/web:v1')), hasCode('SIGNATURES_NOT_FOUND'));
  await putReferrer(lab, digest, utf8Of('{'));
  await assert.rejects(downloadSignatures(lab.context, lab.named('app/web:v1')), hasCode('JSON_MALFORMED'));
});
