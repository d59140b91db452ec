import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { hasCode } from '../../../test/support/error-code.ts';
import { readVector, vectorImage } from '../../../test/support/vectors.ts';
import { parseUtf8, utf8Of } from '../../base/bytes.ts';
import { encodeSimpleSigning, parseSimpleSigning, SIMPLE_SIGNING_TYPE } from './simple-signing.ts';

test('the payload is byte for byte what cosign signs', () => {
  const cases = [
    ['legacy', {}],
    ['legacy-annotated', { build: '<b>&c', author: 'Zoë' }],
  ] as const;
  for (const [name, annotations] of cases) {
    const real = readVector(`images/${name}.payload-0.json`);
    const { dockerReference } = parseSimpleSigning(real);
    assert.equal(
      parseUtf8(encodeSimpleSigning({ dockerReference, imageDigest: vectorImage(), annotations })),
      parseUtf8(real),
      name,
    );
  }
});

test('the payload of skopeo is read, its creator and time included', () => {
  const { dockerReference, imageDigest, type, optional } = parseSimpleSigning(
    readVector('images/legacy-skopeo.payload-0.json'),
  );
  assert.match(dockerReference, /:v1$/);
  assert.deepEqual({ imageDigest, type }, { imageDigest: vectorImage(), type: SIMPLE_SIGNING_TYPE });
  assert.deepEqual(
    Object.entries(optional).map(([name, value]) => [name, typeof value]),
    [
      ['creator', 'string'],
      ['timestamp', 'number'],
    ],
  );
});

test('whatever is claimed reads back', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })),
      (dockerReference, annotations) => {
        const read = parseSimpleSigning(
          encodeSimpleSigning({ dockerReference, imageDigest: vectorImage(), annotations }),
        );
        assert.deepEqual(read, {
          dockerReference,
          imageDigest: vectorImage(),
          type: SIMPLE_SIGNING_TYPE,
          optional: { ...annotations },
        });
      },
    ),
  );
});

test('payloads of another shape are refused', () => {
  const good = parseUtf8(readVector('images/legacy.payload-0.json'));
  const digest = `"docker-manifest-digest":"${vectorImage()}"`;
  const cases: readonly (readonly [string, 'JSON_SHAPE' | 'JSON_MALFORMED' | 'INPUT_TOO_LARGE'])[] = [
    ['', 'JSON_MALFORMED'],
    ['null', 'JSON_SHAPE'],
    ['{}', 'JSON_SHAPE'],
    [good.slice(0, -1), 'JSON_MALFORMED'],
    [good.replace('"critical"', '"Critical"'), 'JSON_SHAPE'],
    [good.replace(digest, '"docker-manifest-digest":1'), 'JSON_SHAPE'],
    [good.replace(digest, `${digest},${digest}`), 'JSON_MALFORMED'],
    [good.replace('"optional":null', '"optional":[]'), 'JSON_SHAPE'],
    [good + ' '.repeat(300 * 1024), 'INPUT_TOO_LARGE'],
  ];
  for (const [text, code] of cases) {
    assert.throws(() => parseSimpleSigning(utf8Of(text)), hasCode(code), text.slice(0, 200));
  }
});
