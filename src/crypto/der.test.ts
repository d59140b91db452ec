import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { hasCode } from '../../test/support/error-code.ts';
import { hexOf, parseHex } from '../base/bytes.ts';
import { CountersignError } from '../base/errors.ts';
import { childrenOf, contentOf, cursorOf, derTags, encodedOf, parseDer } from './der.ts';
import type { DerElement } from './der.ts';
import {
  bitStringOf,
  booleanOf,
  countOf,
  instantOf,
  integerBytesOf,
  namedBitsOf,
  oidOf,
  textOf,
} from './der-values.ts';

const read = (hex: string): DerElement => parseDer(parseHex(hex));
const refuses = (hex: string): void => {
  assert.throws(() => read(hex), hasCode('DER_MALFORMED'), hex);
};

test('an element knows its tag, its content and its encoding', () => {
  const element = read('3006020101020102');
  assert.equal(element.tag, derTags.sequence);
  assert.deepEqual(
    childrenOf(element).map((child) => hexOf(contentOf(child))),
    ['01', '02'],
  );
  assert.deepEqual(
    childrenOf(element).map((child) => hexOf(encodedOf(child))),
    ['020101', '020102'],
  );
});

test('lengths have one encoding and lie inside their parent', () => {
  refuses('');
  refuses('30');
  refuses('30800201010000');
  refuses('30810100');
  refuses(`3082007f${'00'.repeat(127)}`);
  refuses('3085000000000100');
  refuses('30030201');
  refuses('02010100');
  refuses('1f810100');
  assert.throws(() => childrenOf(read('3003020201')), hasCode('DER_MALFORMED'));
  assert.equal(contentOf(read(`048180${'00'.repeat(128)}`)).length, 128);
});

test('a cursor takes what the grammar expects, in order, and nothing more', () => {
  const cursor = cursorOf(read('3006020101020102'));
  assert.equal(countOf(cursor.next(derTags.integer)), 1);
  assert.equal(cursor.optional(derTags.boolean), undefined);
  assert.throws(() => cursor.end(), hasCode('DER_MALFORMED'));
  assert.throws(() => cursor.next(derTags.boolean), hasCode('DER_MALFORMED'));
  assert.equal(countOf(cursor.next()), 2);
  cursor.end();
  assert.throws(() => cursor.next(), hasCode('DER_MALFORMED'));
  assert.throws(() => cursorOf(read('020101')), hasCode('DER_MALFORMED'));
});

test('object identifiers', () => {
  assert.equal(oidOf(read('06082b06010505070303')), '1.3.6.1.5.5.7.3.3');
  assert.equal(oidOf(read('06062a864886f70d')), '1.2.840.113549');
  assert.equal(oidOf(read('0603883703')), '2.999.3');
  for (const hex of ['0600', '06022b80', '06032b8001', '060a2bffffffffffffffff7f']) {
    assert.throws(() => oidOf(read(hex)), hasCode('DER_MALFORMED'), hex);
  }
});

test('integers, booleans and bit strings have one encoding', () => {
  assert.equal(countOf(read('020200ff')), 255);
  for (const hex of ['0200', '02020001', '0202ff80']) {
    assert.throws(() => integerBytesOf(read(hex)), hasCode('DER_MALFORMED'), hex);
  }
  assert.throws(() => countOf(read('0201ff')), hasCode('DER_MALFORMED'), 'a negative number is no count');
  assert.throws(() => countOf(read('020800ffffffffffffff')), hasCode('DER_MALFORMED'), 'beyond 2^53');
  assert.deepEqual([booleanOf(read('0101ff')), booleanOf(read('010100'))], [true, false]);
  assert.throws(() => booleanOf(read('010101')), hasCode('DER_MALFORMED'));
  assert.equal(hexOf(bitStringOf(read('030200aa'))), 'aa');
  assert.throws(() => bitStringOf(read('030201aa')), hasCode('DER_MALFORMED'));
  assert.deepEqual([...namedBitsOf(read('03020780'))], [0]);
  assert.deepEqual([...namedBitsOf(read('03020106'))], [5, 6]);
  for (const hex of ['0300', '03020080', '03020781', '0302ff80', '030101']) {
    assert.throws(() => namedBitsOf(read(hex)), hasCode('DER_MALFORMED'), hex);
  }
});

test('texts and times', () => {
  const at = (tag: string, text: string): DerElement =>
    read(`${tag}${text.length.toString(16).padStart(2, '0')}${Buffer.from(text, 'latin1').toString('hex')}`);
  assert.equal(textOf(at('13', 'abc')), 'abc');
  assert.equal(textOf(read('0c02c3a9')), 'é');
  assert.throws(() => textOf(at('16', 'é')), hasCode('DER_MALFORMED'));
  assert.throws(() => textOf(at('0c', '\u00ff')), hasCode('DER_MALFORMED'));
  assert.equal(instantOf(at('17', '491231235959Z')).toISOString(), '2049-12-31T23:59:59.000Z');
  assert.equal(instantOf(at('17', '500101000000Z')).toISOString(), '1950-01-01T00:00:00.000Z');
  assert.equal(instantOf(at('18', '20260228120000.25Z')).toISOString(), '2026-02-28T12:00:00.250Z');
  const wrong = [
    '20260230120000Z',
    '20260228120000.50Z',
    '20260228120000.Z',
    '202602281200Z',
    '20260228246000Z',
    '20260228120000+0100',
  ];
  for (const text of wrong) {
    assert.throws(() => instantOf(at('18', text)), hasCode('DER_MALFORMED'), text);
  }
  assert.throws(() => instantOf(at('17', '2602281200Z')), hasCode('DER_MALFORMED'));
});

test('no bytes make the reader throw anything but its own error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        walk(parseDer(bytes));
      } catch (error) {
        assert.ok(error instanceof CountersignError);
      }
    }),
    { numRuns: 2000 },
  );
});

function walk(element: DerElement): void {
  for (const value of [oidOf, booleanOf, countOf, bitStringOf, namedBitsOf, textOf, instantOf]) {
    try {
      value(element);
    } catch (error) {
      assert.ok(error instanceof CountersignError);
    }
  }
  if ((element.tag & 0x20) !== 0) childrenOf(element).forEach(walk);
}
