import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import {
  base64Of,
  base64UrlOf,
  concatBytes,
  hexOf,
  isSameBytes,
  parseBase64,
  parseBase64Url,
  parseHex,
  parseUtf8,
  utf8Of,
} from './bytes.ts';
import { InputError } from './errors.ts';

test('base64 and hexadecimal read back as themselves', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      assert.deepEqual(parseBase64(base64Of(bytes)), bytes);
      assert.deepEqual(parseHex(hexOf(bytes)), bytes);
    }),
  );
});

test('only canonical base64 is read', () => {
  for (const text of ['YQ', 'YQ=', 'YR==', 'Y Q==', 'YQ==\n', 'YQ==YQ==', '_-8=', 'YQ===', '=']) {
    assert.throws(
      () => parseBase64(text),
      (error) => error instanceof InputError && error.code === 'BASE64_MALFORMED',
      text,
    );
  }
});

test('odd or foreign hexadecimal is refused', () => {
  for (const text of ['a', '0g', '0x00', ' 00']) {
    assert.throws(
      () => parseHex(text),
      (error) => error instanceof InputError && error.code === 'HEX_MALFORMED',
      text,
    );
  }
});

test('text goes to UTF-8 and back, broken UTF-8 is refused, a byte order mark is kept', () => {
  assert.equal(parseUtf8(utf8Of('naïve 🔏')), 'naïve 🔏');
  assert.equal(parseUtf8(utf8Of('\ufeffx')), '\ufeffx');
  assert.throws(
    () => parseUtf8(Uint8Array.of(0xc0, 0xaf)),
    (error) => error instanceof InputError && error.code === 'TEXT_NOT_UTF8',
  );
});

test('bytes are joined and compared by value', () => {
  const joined = concatBytes([Uint8Array.of(1), Uint8Array.of(), Uint8Array.of(2, 3)]);
  assert.ok(isSameBytes(joined, Uint8Array.of(1, 2, 3)));
  assert.ok(!isSameBytes(joined, Uint8Array.of(1, 2)));
});

test('base64 of the url alphabet goes there and back, and only its canonical form is read', () => {
  assert.deepEqual(parseBase64Url('-_8'), Uint8Array.of(0xfb, 0xff));
  assert.equal(base64UrlOf(parseBase64Url('-_8')), '-_8');
  for (const text of ['+/8', '-_8=', '-_9', '-_8 ', 'a', '-_8\n', 'ä']) {
    assert.throws(
      () => parseBase64Url(text),
      (error) => error instanceof InputError && error.code === 'BASE64_MALFORMED',
      text,
    );
  }
});
