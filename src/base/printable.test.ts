import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { printableOf } from './printable.ts';

test('what acts on a terminal or hides text is written as an escape', () => {
  assert.equal(printableOf('a\u001b[31mred\u0007'), String.raw`a\x1b[31mred\x07`);
  assert.equal(printableOf('line\r\nbreak\u0085'), String.raw`line\x0d\x0abreak\x85`);
  assert.equal(printableOf('user\u202egnp.exe\u200b'), String.raw`user\u202egnp.exe\u200b`);
  assert.equal(printableOf('tag\u{e0041}\ud800'), String.raw`tag\u{e0041}\ud800`);
});

test('ordinary text in any script stays as it is', () => {
  for (const text of ['ghcr.io/org/app:v1', 'Ünïcödé 中文 עברית', '🔏 signed']) {
    assert.equal(printableOf(text), text);
  }
});

test('nothing that comes out holds a control character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(printableOf(text), /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
    }),
  );
});

test('characters that show as nothing are written as escapes', () => {
  assert.equal(
    printableOf('so\u00adft \u034f\u115f\u180e\u3164\ufe0f\u{e0100}'),
    String.raw`so\xadft \u034f\u115f\u180e\u3164\ufe0f\u{e0100}`,
  );
});
