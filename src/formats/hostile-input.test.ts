import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { readVector, vectorManifest } from '../../test/support/vectors.ts';
import { utf8Of } from '../base/bytes.ts';
import { CountersignError } from '../base/errors.ts';
import { parsePublicKey } from '../crypto/public-key.ts';
import { parseBundle } from './bundle/bundle.ts';
import { parseBlobBundle } from './cosign/blob-bundle.ts';
import { layerAnnotations } from './cosign/layer-annotation.ts';
import { signedEntityOfLayer } from './cosign/signature-layer.ts';
import { parseSimpleSigning } from './cosign/simple-signing.ts';
import { parseStatement } from './intoto/statement.ts';
import { parseManifest } from './oci/manifest.ts';
import type { Annotations } from './oci/manifest.ts';

const [layer] = vectorManifest('legacy').layers;
assert.ok(layer !== undefined);

const parsers: Readonly<Record<string, (bytes: Uint8Array) => unknown>> = {
  bundle: (bytes) => parseBundle(bytes, ''),
  'blob bundle': (bytes) => parseBlobBundle(bytes, ''),
  'simple signing': parseSimpleSigning,
  statement: parseStatement,
  manifest: (bytes) => parseManifest(bytes, undefined),
  'public key': parsePublicKey,
  'signature layer': (bytes) => signedEntityOfLayer({ ...layer, annotations: annotationsOf(bytes) }, bytes, ''),
};
/** Every annotation that the parser reads holds the hostile text. */
function annotationsOf(bytes: Uint8Array): Annotations {
  const text = new TextDecoder().decode(bytes);
  const [first = '', ...others] = Object.values(layerAnnotations);
  return {
    [first]: 'AQID',
    ...Object.fromEntries(others.filter((_, index) => (bytes.length >> index) % 2 === 1).map((name) => [name, text])),
  };
}

const samples = [
  'images/bundle.json',
  'blobs/p384.3.json',
  'blobs/cosign-2.2.legacy.json',
  'images/legacy.payload-0.json',
  'images/legacy.manifest.json',
  'keys/p384.pub',
];

/** A real document with pieces cut out, doubled, moved or replaced. */
const mutated = fc
  .tuple(
    fc.constantFrom(...samples),
    fc.array(fc.tuple(fc.nat(), fc.nat(40), fc.uint8Array({ maxLength: 8 })), { minLength: 1, maxLength: 4 }),
  )
  .map(([name, edits]) =>
    edits.reduce((bytes, [at, cut, insert]) => {
      const start = at % bytes.length;
      return Uint8Array.from([...bytes.subarray(0, start), ...insert, ...bytes.subarray(start + cut), 0x20]);
    }, readVector(name)),
  );

/** JSON whose members have the right names and any values. */
const shaped = fc
  .dictionary(
    fc.constantFrom(
      'mediaType',
      'verificationMaterial',
      'dsseEnvelope',
      'messageSignature',
      'base64Signature',
      'cert',
      'rekorBundle',
      'critical',
      'optional',
      '_type',
      'subject',
      'predicateType',
      'config',
      'layers',
      'manifests',
      '__proto__',
    ),
    fc.jsonValue({ maxDepth: 3 }),
  )
  .map((value) => utf8Of(JSON.stringify(value)));

test('whatever bytes come, a parser returns a value or throws an error of the catalogue', () => {
  fc.assert(
    fc.property(fc.oneof(mutated, shaped, fc.uint8Array()), fc.constantFrom(...Object.keys(parsers)), (bytes, name) => {
      try {
        parsers[name]?.(bytes);
      } catch (error) {
        assert.ok(error instanceof CountersignError, `${name}: ${String(error)}`);
      }
    }),
    { numRuns: 3000 },
  );
});
