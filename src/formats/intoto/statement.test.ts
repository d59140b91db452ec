import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { hasCode } from '../../../test/support/error-code.ts';
import { readVector, vectorImage } from '../../../test/support/vectors.ts';
import { parseUtf8, utf8Of } from '../../base/bytes.ts';
import type { ErrorCode } from '../../base/catalogue.ts';
import { parseBundle } from '../bundle/bundle.ts';
import { COSIGN_SIGN_PREDICATE, encodeSignStatement, parseStatement } from './statement.ts';

const imageDigest = vectorImage();
const good = parseUtf8(encodeSignStatement({ imageDigest, annotations: {} }));

test('the statement is byte for byte what cosign 3 signs', () => {
  const cases = { bundle: {}, 'bundle-annotated': { build: '<b>&c', author: 'Zoë' } };
  for (const [name, annotations] of Object.entries(cases)) {
    const { content } = parseBundle(readVector(`images/${name}.json`), name);
    assert.ok(content.kind === 'dsse');
    assert.equal(parseUtf8(encodeSignStatement({ imageDigest, annotations })), parseUtf8(content.payload), name);
  }
});

test('whatever is stated reads back', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })), (annotations) => {
      const statement = parseStatement(encodeSignStatement({ imageDigest, annotations }));
      const subject = { digest: { sha256: imageDigest.slice('sha256:'.length) }, annotations: { ...annotations } };
      assert.deepEqual(statement, { subjects: [subject], predicateType: COSIGN_SIGN_PREDICATE, predicate: {} });
    }),
  );
});

test('version 0.1 is read as well', () => {
  assert.equal(
    parseStatement(utf8Of(good.replace('Statement/v1', 'Statement/v0.1'))).predicateType,
    COSIGN_SIGN_PREDICATE,
  );
});

test('a predicate is kept as it was signed, and may be missing', () => {
  const stated = { builder: { id: 'x' }, n: [1, null, '<&>'] };
  assert.deepEqual(
    parseStatement(utf8Of(JSON.stringify({ ...JSON.parse(good), predicate: stated }))).predicate,
    stated,
  );
  assert.equal(
    parseStatement(utf8Of(JSON.stringify({ ...JSON.parse(good), predicate: undefined }))).predicate,
    undefined,
  );
});

test('other statements are refused', () => {
  const subject = '{"digest":{"sha256":"00"}}';
  const withSubjects = (count: number): string =>
    JSON.stringify({
      ...(JSON.parse(good) as object),
      subject: Array.from({ length: count }, () => JSON.parse(subject) as object),
    });
  const withDigests = (count: number): string =>
    JSON.stringify({
      ...(JSON.parse(good) as object),
      subject: [{ digest: Object.fromEntries(Array.from({ length: count }, (_, index) => [`alg${index}`, '00'])) }],
    });
  assert.equal(parseStatement(utf8Of(withSubjects(1024))).subjects.length, 1024);
  assert.equal(Object.keys(parseStatement(utf8Of(withDigests(32))).subjects[0]?.digest ?? {}).length, 32);
  const cases: readonly (readonly [string, ErrorCode])[] = [
    ['{}', 'JSON_SHAPE'],
    [good.replace('Statement/v1', 'Statement/v2'), 'STATEMENT_MALFORMED'],
    [withSubjects(0), 'STATEMENT_MALFORMED'],
    [withSubjects(1025), 'STATEMENT_MALFORMED'],
    [withDigests(33), 'STATEMENT_MALFORMED'],
    [good.replace('"sha256":"', '"sha256":"00","sha256":"'), 'JSON_MALFORMED'],
    [good.slice(0, -1), 'JSON_MALFORMED'],
    ['', 'JSON_MALFORMED'],
    ['null', 'JSON_SHAPE'],
    [good.replace(/"subject":\[.*?\}\]/, '"subject":null'), 'JSON_SHAPE'],
    [good.replace('"predicateType"', '"predicatetype"'), 'JSON_SHAPE'],
    [good.replace('"sha256":"', '"sha256":1,"x":"'), 'JSON_SHAPE'],
    [good.replace('{"_type"', '{"_type":"","_type"'), 'JSON_MALFORMED'],
  ];
  for (const [text, code] of cases) {
    assert.throws(() => parseStatement(utf8Of(text)), hasCode(code), text.slice(0, 200));
  }
});
