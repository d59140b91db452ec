import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  decodeArray,
  decodeCount,
  decodeDocument,
  decodeLiteral,
  decodeMap,
  decodeObject,
  decodeString,
  optional,
} from './decode.ts';
import { InputError } from './errors.ts';

const decodeThing = decodeObject({
  version: decodeLiteral(2),
  name: decodeString,
  note: optional(decodeString),
  sizes: decodeArray(decodeCount),
  labels: optional(decodeMap(decodeString)),
});

test('a document with all members decodes; unknown members are dropped, null optionals are missing', () => {
  const decoded = decodeDocument(
    { version: 2, name: 'x', sizes: [0, 7], labels: null, extra: 1 },
    decodeThing,
    'thing',
  );
  assert.deepEqual(decoded, { version: 2, name: 'x', sizes: [0, 7] });
});

test('the error names the path, what was expected and what came', () => {
  const cases: [unknown, RegExp][] = [
    [{ version: 2, name: 'x', sizes: [0, -7] }, /thing: \$\.sizes\[1\]: expected a whole number from 0, got -7/],
    [{ version: 1, name: 'x', sizes: [] }, /\$\.version: expected 2, got 1/],
    [{ version: 2, sizes: [] }, /\$\.name: expected a string, got nothing/],
    [{ version: 2, name: 'x', sizes: {} }, /\$\.sizes: expected an array/],
    [{ version: 2, name: 'x', sizes: [], note: true }, /\$\.note: expected a string, got true/],
    [{ version: 2, name: 'x', sizes: [], labels: { a: 1 } }, /\$\.labels\.a: expected a string, got 1/],
    [[], /expected an object, got \[\]/],
  ];
  for (const [value, message] of cases) {
    assert.throws(
      () => decodeDocument(value, decodeThing, 'thing'),
      (error) => error instanceof InputError && error.code === 'JSON_SHAPE' && message.test(error.message),
    );
  }
});

test('a member inherited from Object is not a member', () => {
  assert.throws(() => decodeDocument({}, decodeObject({ toString: decodeString }), 'thing'), InputError);
});

test('a map may hold a member called __proto__ without touching prototypes', () => {
  const decoded = decodeDocument(JSON.parse('{"__proto__":"x"}'), decodeMap(decodeString), 'map');
  assert.equal(Object.getOwnPropertyDescriptor(decoded, '__proto__')?.value, 'x');
});

test('the error stays short however long the names and values of a document are', () => {
  const long = 'n'.repeat(1_000_000);
  assert.throws(
    () => decodeDocument({ [long]: 1 }, decodeMap(decodeString), 'thing'),
    (error) => error instanceof InputError && error.code === 'JSON_SHAPE' && JSON.stringify(error).length < 2000,
  );
});
