import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { InputError } from './errors.ts';
import { parseJson } from './json.ts';

const source = { what: 'test document', maxBytes: 10_000 };
const codeOf = (code: string) => (error: unknown) => error instanceof InputError && error.code === code;

test('any JSON value reads back as itself', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
      const text = JSON.stringify(value);
      if (text.length <= source.maxBytes) {
        assert.deepEqual(parseJson(text, source), JSON.parse(text));
      }
    }),
  );
});

test('a member named twice is refused, however the name is spelled', () => {
  for (const text of ['{"a":1,"a":1}', String.raw`{"a":1,"\u0061":2}`, '[{"x":{"b":[],"c":{},"b":0}}]']) {
    assert.throws(() => parseJson(text, source), codeOf('JSON_MALFORMED'), text);
  }
});

test('one name in different objects, and names that are also values, are fine', () => {
  for (const text of ['{"a":{"a":1},"b":[{"a":1},{"a":"a"}]}', String.raw`{"a\"":"a","a":["{\"a\":1}"]}`]) {
    assert.deepEqual(parseJson(text, source), JSON.parse(text));
  }
});

test('nesting above the cap is refused', () => {
  assert.doesNotThrow(() => parseJson(`${'['.repeat(64)}${']'.repeat(64)}`, source));
  assert.throws(() => parseJson(`${'['.repeat(65)}${']'.repeat(65)}`, source), codeOf('JSON_TOO_DEEP'));
});

test('more values than the cap are refused, before any is made', () => {
  const large = { what: 'test document', maxBytes: 4_000_000 };
  const listOf = (count: number): string => `[${'0,'.repeat(count - 1)}0]`;
  assert.doesNotThrow(() => parseJson(listOf(1_000_000), large));
  assert.throws(() => parseJson(listOf(1_000_002), large), codeOf('INPUT_TOO_LARGE'));
});

test('too deep is said of a text that never ends, too: nothing is built of it first', () => {
  assert.throws(() => parseJson('['.repeat(9_000), source), codeOf('JSON_TOO_DEEP'));
});

test('too many bytes, broken UTF-8, a byte order mark and text after the end are refused', () => {
  assert.throws(() => parseJson(new Uint8Array(10_001), source), codeOf('INPUT_TOO_LARGE'));
  assert.throws(() => parseJson(Uint8Array.of(0x22, 0xff, 0x22), source), codeOf('TEXT_NOT_UTF8'));
  assert.throws(() => parseJson(Uint8Array.of(0xef, 0xbb, 0xbf, 0x31), source), codeOf('JSON_MALFORMED'));
  assert.throws(() => parseJson('{} {}', source), codeOf('JSON_MALFORMED'));
});

test('arbitrary text either parses as JSON.parse does or is refused', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', '\\', ',', ':', 'a', '1', 'u', ' ') }),
      (text) => {
        try {
          assert.deepEqual(parseJson(text, source), JSON.parse(text));
        } catch (error) {
          assert.ok(error instanceof InputError);
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test('the error about a repeated member stays short however long its name is', () => {
  const name = JSON.stringify('n'.repeat(10_000));
  assert.throws(
    () => parseJson(`{${name}:1,${name}:2}`, { what: 'thing', maxBytes: 100_000 }),
    (error) => error instanceof InputError && error.code === 'JSON_MALFORMED' && error.message.length < 500,
  );
});
