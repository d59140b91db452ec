import assert from 'node:assert/strict';
import { test } from 'node:test';

import { annotationsOf } from './annotations.ts';

test('annotations are split at the first =', () => {
  assert.deepEqual(annotationsOf(['a=1', 'b=x=y', 'c=']), { a: '1', b: 'x=y', c: '' });
});

test('a name like those of objects is an annotation like any other', () => {
  assert.deepEqual(Object.entries(annotationsOf(['__proto__=x'])), [['__proto__', 'x']]);
});

test('what is no pair, and two values for one name, are refused', () => {
  for (const texts of [['a'], ['=x'], [''], ['a=1', 'a=2']]) {
    assert.throws(() => annotationsOf(texts), { code: 'FLAG_VALUE_INVALID' });
  }
});
