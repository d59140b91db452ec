import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';
import { parse, parseAllDocuments } from 'yaml';

import { encodeYaml } from './yaml-text.ts';
import type { YamlValue } from './yaml-text.ts';

test('a manifest is written as people write it', () => {
  const manifest = {
    kind: 'Pod',
    'a-name': 'yes',
    list: [{ name: 'x: y', more: [1, true] }, 'https://example.com/a'],
    pem: '-----BEGIN X-----\nAA==\n-----END X-----\n',
  };
  assert.equal(
    encodeYaml(manifest),
    [
      'kind: Pod',
      'a-name: "yes"',
      'list:',
      '  - name: "x: y"',
      '    more:',
      '      - 1',
      '      - true',
      '  - "https://example.com/a"',
      'pem: |',
      '  -----BEGIN X-----',
      '  AA==',
      '  -----END X-----',
      '',
    ].join('\n'),
  );
});

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: fc.constantFrom('a', '\n', ' ', ':', '#', '-', '"', "'", '0', '\u0085') }),
);
const { value } = fc.letrec<{ value: YamlValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    text,
    fc.constantFrom('null', '~', '1e3', '0x1', '2026-01-01', 'No', '.inf', '<<', 'e0', 'a \n', 'a\nb\n', '\ta\n'),
    fc.integer(),
    fc.boolean(),
    fc.array(tie('value'), { minLength: 1, maxLength: 3 }),
    fc.dictionary(text, tie('value'), { minKeys: 1, maxKeys: 3, noNullPrototype: true }),
  ),
}));

test('whatever is written, of YAML 1.2 and of 1.1, reads as what it was', () => {
  fc.assert(
    fc.property(value, (each) => {
      const written = encodeYaml(each);
      assert.deepEqual(parse(written), each);
      assert.deepEqual(parse(written, { version: '1.1', merge: false }), each);
    }),
  );
});

test('several documents follow each other', () => {
  const read = parseAllDocuments(encodeYaml({ a: 1 }, { b: 2 })).map((each): unknown => each.toJS());
  assert.deepEqual(read, [{ a: 1 }, { b: 2 }]);
});
