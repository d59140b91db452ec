import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { parseChallenges } from './challenge.ts';

const plain = (header: string): unknown =>
  parseChallenges(header).map(({ scheme, parameters }) => [scheme, { ...parameters }]);

test('a challenge has a scheme and parameters, quoted or not', () => {
  assert.deepEqual(
    plain('Bearer realm="https://auth.example/token",service="reg, istry",scope="repository:a/b:pull,push"'),
    [['bearer', { realm: 'https://auth.example/token', service: 'reg, istry', scope: 'repository:a/b:pull,push' }]],
  );
  assert.deepEqual(plain('BASIC Realm=simple'), [['basic', { realm: 'simple' }]]);
  assert.deepEqual(plain('Bearer realm = "a\\"b\\\\c" , error=invalid_token'), [
    ['bearer', { realm: 'a"b\\c', error: 'invalid_token' }],
  ]);
  assert.deepEqual(plain('Negotiate'), [['negotiate', {}]]);
  assert.deepEqual(plain(''), []);
});

test('several challenges in one header stay apart', () => {
  assert.deepEqual(plain('Basic realm="x", Bearer realm="y", service="z"'), [
    ['basic', { realm: 'x' }],
    ['bearer', { realm: 'y', service: 'z' }],
  ]);
});

test('a parameter named twice keeps its first value, and none can touch the prototype', () => {
  assert.deepEqual(plain('Bearer realm="a",realm="b"'), [['bearer', { realm: 'a' }]]);
  const [challenge] = parseChallenges('Bearer __proto__="x",realm="r"');
  assert.equal(challenge?.parameters['realm'], 'r');
  assert.equal(({} as Record<string, unknown>)['x'], undefined);
});

test('any text ends, without an error', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'aB="\\, \t:/;=') }), (text) =>
      Array.isArray(parseChallenges(text)),
    ),
  );
});
