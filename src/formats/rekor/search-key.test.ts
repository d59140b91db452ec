import assert from 'node:assert/strict';
import { test } from 'node:test';

import { utf8Of } from '../../base/bytes.ts';
import { limits } from '../../base/limits.ts';
import { searchKeysOf, statementKeysOf } from './search-key.ts';

const inToto = 'application/vnd.in-toto+json';

test('keys are kept once, in lower case, the first as many as an entry may have', () => {
  assert.deepEqual(searchKeysOf(['Dev@Example.com', 'sha256:AB', 'dev@example.com']), ['dev@example.com', 'sha256:ab']);
  const many = Array.from({ length: limits.indexKeys + 10 }, (_, at) => `sha256:${at}`);
  assert.deepEqual(searchKeysOf(many), many.slice(0, limits.indexKeys));
});

test('a key that is too long is left out, and beyond so many bytes the rest', () => {
  const long = 'l'.repeat(limits.indexKeyCharacters);
  assert.deepEqual(searchKeysOf([`${long}l`, 'short', long]), ['short', long]);
  const heavy = Array.from({ length: limits.indexKeys }, (_, at) =>
    `${at}`.padStart(limits.indexKeyCharacters, '\u20ac'),
  );
  const kept = searchKeysOf(heavy);
  assert.ok(kept.length > 0 && kept.length < heavy.length);
  assert.ok(utf8Of(kept.join('')).length <= limits.indexKeyBytes);
});

test('half a surrogate pair, which no database would give back, is replaced', () => {
  assert.deepEqual(searchKeysOf(['a\ud800']), ['a\ufffd']);
});

test('of a statement all digests of subjects and materials are keys, and what cannot be read gives none', () => {
  const subject = [{ digest: { sha256: 'aa', sha1: 'bb' } }, { name: 'without' }];
  const materials = [{ digest: { sha1: 'cc' } }];
  const cases: readonly (readonly [unknown, readonly string[]])[] = [
    [{ subject, predicate: { materials } }, ['sha256:aa', 'sha1:bb', 'sha1:cc']],
    // A predicate of another shape takes nothing away from the subjects, nor these from it.
    [{ subject, predicate: { materials: 'none' } }, ['sha256:aa', 'sha1:bb']],
    [{ subject, predicate: 'text' }, ['sha256:aa', 'sha1:bb']],
    [{ subject: 'none', predicate: { materials } }, ['sha1:cc']],
    [{}, []],
    [[], []],
    ['text', []],
  ];
  for (const [statement, keys] of cases) {
    assert.deepEqual(statementKeysOf(inToto, utf8Of(JSON.stringify(statement))), keys, JSON.stringify(statement));
  }
  assert.deepEqual(statementKeysOf(inToto, utf8Of('{')), []);
  assert.deepEqual(statementKeysOf('text/plain', utf8Of(JSON.stringify({ subject }))), []);
});
