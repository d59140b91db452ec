import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { parseUtf8 } from '../base/bytes.ts';
import { encodeGoJson, goMapOf } from './go-json.ts';

const textOf = (...args: Parameters<typeof encodeGoJson>): string => parseUtf8(encodeGoJson(...args));

test('any JSON value survives, in both styles', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom('html' as const, 'protobuf' as const), (value, style) => {
      assert.deepEqual(JSON.parse(textOf(value as never, style)), JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('strings are escaped as encoding/json does, or as protobuf does', () => {
  assert.equal(
    textOf('<a> & "b"\\\u2028\u2029\u0001\n'),
    String.raw`"\u003ca\u003e \u0026 \"b\"\\\u2028\u2029\u0001\n"`,
  );
  assert.equal(textOf('<a> & ö', 'protobuf'), '"<a> & ö"');
  assert.equal(textOf('\ud800'), '"\ufffd"');
});

test('maps are sorted by their UTF-8 bytes, numbers among the names too; structs keep their order', () => {
  assert.equal(
    textOf(goMapOf({ b: '1', '10': '2', '9': '3', ab: '4', a: '5' })),
    '{"10":"2","9":"3","a":"5","ab":"4","b":"1"}',
  );
  assert.equal(textOf(goMapOf({ '\u{1f600}': '1', '\uffee': '2' })), '{"\uffee":"2","\u{1f600}":"1"}');
  assert.equal(textOf({ b: 1, a: undefined, c: null, d: [] }), '{"b":1,"c":null,"d":[]}');
});
