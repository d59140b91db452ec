import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createSigner, openImageLab } from '../../test/support/image-lab.ts';
import { utf8Of } from '../base/bytes.ts';
import type { FetchedManifest } from '../clients/registry/registry-client.ts';
import { encodeReferrer } from '../formats/bundle/referrer-manifest.ts';
import { encodeSignatureManifest } from '../formats/cosign/signature-manifest.ts';
import type { Digest } from '../formats/oci/digest.ts';
import { mediaTypes } from '../formats/oci/media-type.ts';
import { findImageSignatures } from './image-signatures.ts';
import { readManifestTree } from './copy-manifest.ts';
import { signImage } from './sign-image.ts';
import { keyMethodOf } from './signing-method.ts';
import { cleanImage, planClean } from './clean-image.ts';
import { attachmentTagOf } from '../formats/cosign/attachment-tag.ts';

for (const ending of ['-000000000000', '']) {
  test(`clean never deletes an image to which somebody pointed the tag .sig${ending}`, async (t) => {
    const lab = await openImageLab(t);
    const mine = await lab.push('mine', 'v1');
    const other = await lab.push('production', 'prod');
    for (const victim of [other, mine]) {
      const fetched = await lab.client.fetchManifest(lab.repository, victim);
      await lab.client.putManifest(
        lab.repository,
        `${attachmentTagOf(mine, 'sig')}${ending}`,
        fetched?.bytes ?? new Uint8Array(),
        fetched?.manifest.mediaType ?? '',
      );
      await cleanImage(
        lab.context,
        await planClean(lab.context, {
          reference: { repository: lab.repository, digest: mine },
          type: 'all',
        }),
      );
      assert.notEqual(
        await lab.client.fetchManifest(lab.repository, victim),
        undefined,
        victim === mine ? 'the image itself' : 'another image',
      );
      assert.notEqual(await lab.client.fetchManifest(lab.repository, 'prod'), undefined);
    }
  });
}

test('an index that names the same index over and over is read once for each', async (t) => {
  const lab = await openImageLab(t);
  const leaf = await lab.push('leaf', 'leaf');
  const put = async (tag: string, child: Digest, size: number, mediaType: string) => {
    const manifests = Array.from({ length: 30 }, () => ({ mediaType, digest: child, size }));
    return lab.client.putManifest(
      lab.repository,
      tag,
      utf8Of(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests })),
      mediaTypes.ociIndex,
    );
  };
  let child = await put('a', leaf, 1, mediaTypes.ociManifest);
  child = await put('b', child, 1, mediaTypes.ociIndex);
  child = await put('c', child, 1, mediaTypes.ociIndex);
  const root = await lab.client.fetchManifest(lab.repository, child);
  lab.asked.length = 0;
  const tree = await readManifestTree({ registry: lab.client, from: lab.repository }, root as FetchedManifest);
  assert.equal(tree.length, 4);
  assert.equal(lab.asked.length, 3);
});

test('a marker that is listed for ever and never there does not keep a signer for ever', async (t) => {
  const lab = await openImageLab(t);
  const digest = await lab.push('mine', 'v1');
  const registry: typeof lab.client = {
    ...lab.client,
    listTags: async (repository, prefix) => [
      ...((await lab.client.listTags(repository, prefix)) ?? []),
      `${prefix}000000000000`,
    ],
  };
  const runtime = {
    ...lab.context.runtime,
    sleep: async () => undefined,
    signal: AbortSignal.timeout(5000),
  };
  const report = await signImage(
    { ...lab.context, runtime, registry },
    {
      reference: { repository: lab.repository, digest },
      method: Promise.resolve(keyMethodOf(createSigner())),
      annotations: {},
      forms: ['legacy'],
    },
  );
  assert.equal(report.isComplete, true);
});

test('a marker with a deadline that no clock gives keeps nobody waiting', async (t) => {
  const lab = await openImageLab(t);
  const digest = await lab.push('mine', 'v1');
  const name = '000000000000';
  const { manifest, config, mediaType } = encodeSignatureManifest([], {
    mediaTypes: 'oci',
    annotations: {
      'dev.countersign.signer': name,
      'dev.countersign.state': 'active',
      'dev.countersign.deadline': '9999-01-01T00:00:00Z',
    },
  });
  await lab.client.putBlob(lab.repository, config);
  await lab.client.putManifest(lab.repository, `${attachmentTagOf(digest, 'sig')}-${name}`, manifest, mediaType);
  let slept = 0;
  let nowMs = Date.now();
  const sleep = async (ms: number): Promise<void> => {
    slept += ms;
    nowMs += ms;
  };
  const runtime = { ...lab.context.runtime, sleep, now: () => new Date(nowMs) };
  const report = await signImage(
    { ...lab.context, runtime },
    {
      reference: { repository: lab.repository, digest },
      method: Promise.resolve(keyMethodOf(createSigner())),
      annotations: {},
      forms: ['legacy'],
    },
  );
  assert.equal(report.isComplete, true);
  assert.ok(slept < 5000, `${slept} ms`);
});

test('large signatures by a stranger are not all held: what has no room could not be looked at', async (t) => {
  const lab = await openImageLab(t);
  const digest = await lab.push('mine', 'v1');
  const count = 5;
  for (let index = 0; index < count; index += 1) {
    const document = {
      mediaType: mediaTypes.bundleV03,
      verificationMaterial: { publicKey: { hint: `${index}`.repeat(12 * 1024 * 1024) } },
    };
    const messageSignature = { signature: 'AAAA' };
    const bundle = utf8Of(JSON.stringify({ ...document, messageSignature }));
    const subject = { mediaType: mediaTypes.ociManifest, digest, size: 1 };
    const encoded = encodeReferrer({ bundle, predicateType: 'x', subject, created: new Date(0) });
    await lab.client.putBlob(lab.repository, bundle);
    await lab.client.putBlob(lab.repository, encoded.config);
    await lab.client.putManifest(lab.repository, undefined, encoded.manifest, encoded.mediaType);
  }
  const [, bundles] = await findImageSignatures(lab.context, { repository: lab.repository, digest }, async () => false);
  const unread = bundles.signatures.filter((found) => found.kind === 'unreadable');
  assert.equal(bundles.signatures.length, count);
  assert.deepEqual(
    unread.map(({ error }) => error.code),
    ['SIGNATURES_OVER_CAP', 'SIGNATURES_OVER_CAP'],
  );
});
