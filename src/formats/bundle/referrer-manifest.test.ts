import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readVector, vectorManifest } from '../../../test/support/vectors.ts';
import { parseUtf8 } from '../../base/bytes.ts';
import { COSIGN_SIGN_PREDICATE } from '../intoto/statement.ts';
import { digestOf } from '../oci/digest.ts';
import { mediaTypes } from '../oci/media-type.ts';
import { encodeReferrer } from './referrer-manifest.ts';

test('the manifest is byte for byte what cosign 3 pushes', () => {
  for (const name of ['bundle', 'bundle-annotated', 'bundle-p521']) {
    const real = vectorManifest(name);
    const created = new Date(real.annotations?.['org.opencontainers.image.created'] ?? '');
    assert.ok(real.subject !== undefined);
    const encoded = encodeReferrer({
      bundle: readVector(`images/${name}.json`),
      predicateType: COSIGN_SIGN_PREDICATE,
      subject: real.subject,
      created,
    });
    assert.equal(parseUtf8(encoded.manifest), parseUtf8(readVector(`images/${name}.manifest.json`)), name);
    assert.equal(digestOf(encoded.config), real.config.digest);
    const { artifactType, digest, size } = encoded.descriptor;
    assert.deepEqual(
      { artifactType, digest, size },
      { artifactType: mediaTypes.bundleV03, digest: digestOf(encoded.manifest), size: encoded.manifest.length },
    );
  }
});
