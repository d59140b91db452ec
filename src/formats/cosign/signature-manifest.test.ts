import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readVector, vectorImage, vectorManifest } from '../../../test/support/vectors.ts';
import { parseUtf8 } from '../../base/bytes.ts';
import { parseManifest } from '../oci/manifest.ts';
import { attachmentTagOf } from './attachment-tag.ts';
import { encodeSignatureManifest } from './signature-manifest.ts';

test('manifest and config are byte for byte what cosign pushes, one layer or several, OCI or Docker types', () => {
  for (const name of ['legacy', 'legacy-annotated', 'legacy-two', 'legacy-docker', 'legacy-rsa4096']) {
    const encoded = encodeSignatureManifest(vectorManifest(name).layers, {
      mediaTypes: name === 'legacy-docker' ? 'docker' : 'oci',
    });
    assert.equal(parseUtf8(encoded.manifest), parseUtf8(readVector(`images/${name}.manifest.json`)), name);
    assert.equal(parseUtf8(encoded.config), parseUtf8(readVector(`images/${name}.config.json`)), name);
  }
});

test('annotations of the manifest make it another manifest, and read back', () => {
  const { layers } = vectorManifest('legacy');
  const plain = encodeSignatureManifest(layers, { mediaTypes: 'oci' });
  const marked = encodeSignatureManifest(layers, { mediaTypes: 'oci', annotations: { b: '2', a: '1' } });
  assert.notEqual(marked.digest, plain.digest);
  assert.deepEqual(parseManifest(marked.manifest, marked.mediaType).annotations, { a: '1', b: '2' });
});

test('with a time, manifest and config are what cosign pushes with --record-creation-timestamp', () => {
  const encoded = encodeSignatureManifest(vectorManifest('legacy-dated').layers, {
    mediaTypes: 'oci',
    created: new Date('2026-01-02T03:04:05.678Z'),
  });
  assert.equal(parseUtf8(encoded.manifest), parseUtf8(readVector('images/legacy-dated.manifest.json')));
  assert.equal(parseUtf8(encoded.config), parseUtf8(readVector('images/legacy-dated.config.json')));
});

test("attachment tags are cosign's, with the prefix before", () => {
  const hex = vectorImage().slice('sha256:'.length);
  assert.equal(attachmentTagOf(vectorImage(), 'sig'), `sha256-${hex}.sig`);
  assert.equal(attachmentTagOf(vectorImage(), 'att', 'prod-'), `prod-sha256-${hex}.att`);
});
