import assert from 'node:assert/strict';
import { test } from 'node:test';

import { utf8Of } from '../../base/bytes.ts';
import { InputError } from '../../base/errors.ts';
import { parseManifest } from './manifest.ts';
import { mediaTypes } from './media-type.ts';

const digest = `sha256:${'0'.repeat(64)}`;
const config = { mediaType: mediaTypes.ociConfig, digest, size: 2 };
const image = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [] };
const index = {
  schemaVersion: 2,
  mediaType: mediaTypes.ociIndex,
  manifests: [{ ...config, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } }],
};
const parse = (value: unknown, contentType?: string) => parseManifest(utf8Of(JSON.stringify(value)), contentType);
const refuses = (code: string) => (error: unknown) => error instanceof InputError && error.code === code;

test('images and indexes of both families are read', () => {
  assert.equal(parse(image, mediaTypes.ociManifest).kind, 'image');
  assert.equal(parse({ ...image, mediaType: mediaTypes.dockerManifest }, mediaTypes.dockerManifest).kind, 'image');
  const parsed = parse(index, `${mediaTypes.ociIndex}; charset=utf-8`);
  assert.deepEqual(parsed.kind === 'index' && parsed.manifests[0]?.platform, {
    os: 'linux',
    architecture: 'arm64',
    variant: 'v8',
  });
});

test('OCI lets the body leave its media type out when the header names it, and the other way round', () => {
  const { mediaType: _, ...bare } = image;
  assert.equal(parse(bare, mediaTypes.ociManifest).mediaType, mediaTypes.ociManifest);
  assert.equal(parse(image).mediaType, mediaTypes.ociManifest);
  assert.throws(() => parse(bare), refuses('MANIFEST_TYPE_MISMATCH'));
});

test('header, body and structure that disagree are refused', () => {
  assert.throws(() => parse(image, mediaTypes.ociIndex), refuses('MANIFEST_TYPE_MISMATCH'));
  assert.throws(() => parse(image, mediaTypes.dockerManifest), refuses('MANIFEST_TYPE_MISMATCH'));
  assert.throws(
    () => parse({ ...index, mediaType: mediaTypes.ociManifest }, mediaTypes.ociManifest),
    refuses('MANIFEST_TYPE_MISMATCH'),
  );
  assert.throws(() => parse({ ...image, manifests: [] }, mediaTypes.ociManifest), refuses('MANIFEST_TYPE_MISMATCH'));
  assert.throws(() => parse(image, 'text/html'), refuses('MANIFEST_TYPE_MISMATCH'));
});

test('broken structure is refused with its path', () => {
  assert.throws(() => parse({ ...image, layers: [{ ...config, size: -1 }] }), refuses('JSON_SHAPE'));
  assert.throws(() => parse({ ...image, config: { ...config, digest: 'sha256:00' } }), refuses('DIGEST_MALFORMED'));
  assert.throws(() => parse({ ...image, schemaVersion: 1 }), refuses('JSON_SHAPE'));
  assert.throws(() => parse([]), refuses('JSON_SHAPE'));
  assert.throws(() => parseManifest(utf8Of('<html>'), mediaTypes.ociManifest), refuses('JSON_MALFORMED'));
});

test('a document that another reader would take for something else is refused', () => {
  const both: object[] = [
    { ...index, config },
    { ...index, fsLayers: [] },
    { ...index, LAYERS: [] },
    { ...index, MediaType: mediaTypes.ociManifest },
    { ...image, Manifests: [] },
    { ...image, '\u017fubject': { ...config, mediaType: mediaTypes.ociManifest } },
  ];
  for (const document of both) {
    assert.throws(() => parse(document), refuses('MANIFEST_TYPE_MISMATCH'), JSON.stringify(document));
  }
});
