import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import fc from 'fast-check';

import { isErrorWithCode } from '../base/errors.ts';
import { compilePattern } from './pattern.ts';

/** See test/vectors/re2/make.go. */
interface GoVectors {
  readonly texts: readonly string[];
  readonly vectors: readonly {
    readonly pattern: string;
    readonly error?: string;
    readonly anywhere?: string;
    readonly whole?: string;
  }[];
}

const { texts, vectors } = JSON.parse(
  readFileSync(new URL('../../test/vectors/re2/vectors.json', import.meta.url), 'utf8'),
) as GoVectors;

/** Go reads these and the engine does not: refused, which opens nothing. */
const refusedHere = new Set([
  '(?P<n>a)(?P<n>b)',
  '\\p{ASCII}',
  '\\p{Letter}',
  '\\p{letter}',
  '\\p{greek}',
  '\\p{Uppercase_Letter}',
]);
/** The engine reads these and Go does not. */
const refusedByGo = new Set(['\\p{Emoji}']);

/** One digit for each text, as in the vectors; "refused" for a pattern that is malformed. */
async function judge(pattern: string, isAnchored: boolean): Promise<string> {
  try {
    const { isMatch } = await compilePattern(pattern, { isAnchored });
    return texts.map((text) => (isMatch(text) ? '1' : '0')).join('');
  } catch (error) {
    assert.ok(isErrorWithCode(error, 'PATTERN_MALFORMED'), String(error));
    return 'refused';
  }
}

test('every pattern matches what it matches in Go, anywhere and as a whole', async () => {
  assert.ok(vectors.length > 900 && texts.length > 60);
  for (const { pattern, anywhere = 'refused', whole = 'refused' } of vectors) {
    if (refusedByGo.has(pattern)) continue;
    const isRefused = refusedHere.has(pattern);
    assert.equal(await judge(pattern, false), isRefused ? 'refused' : anywhere, JSON.stringify(pattern));
    assert.equal(await judge(pattern, true), isRefused ? 'refused' : whole, JSON.stringify(pattern));
  }
});

test('an unanchored pattern matches anywhere, an anchored one the whole text only', async () => {
  const unanchored = await compilePattern('acme', { isAnchored: false });
  const anchored = await compilePattern('acme', { isAnchored: true });
  assert.equal(unanchored.isMatch('https://evil.example/acme'), true);
  assert.equal(anchored.isMatch('https://evil.example/acme'), false);
  assert.equal(anchored.isMatch('acme'), true);
  assert.equal(unanchored.description, '/acme/ (anywhere in the text)');
  assert.equal(anchored.description, '/acme/ (the whole text)');
});

test('an anchored pattern cannot break out of its anchors', async () => {
  for (const pattern of ['a|b', '(?m)^a$', 'a$|^b', '\\Qa', '(?s)a', 'a\\z', '|a']) {
    const { isMatch } = await compilePattern(pattern, { isAnchored: true });
    for (const text of ['ax', 'xb', 'x\na', 'a\nx', 'a\n']) assert.equal(isMatch(text), false, `${pattern} ${text}`);
  }
});

test('a malformed pattern is told with the part and the place of the fault', async () => {
  await assert.rejects(compilePattern('^https://[z-a]', { isAnchored: false }), {
    code: 'PATTERN_MALFORMED',
    details: { offset: 10 },
  });
  for (const pattern of ['(', '(a)\\1', '(?=a)', '(?<!a)b', '[', '*', 'a\\', '\ud800', 'a\udc00']) {
    await assert.rejects(compilePattern(pattern, { isAnchored: true }), { code: 'PATTERN_MALFORMED' }, pattern);
  }
});

test('a pattern that is too long, or too large once compiled, is refused', async () => {
  const refused = ['a'.repeat(4097), '(?:x{1000})'.repeat(6), '(((a?){10}){10}){10}'.repeat(20), '(a{1000}){1000}'];
  for (const pattern of refused) {
    await assert.rejects(compilePattern(pattern, { isAnchored: false }), { code: 'PATTERN_MALFORMED' });
  }
  assert.equal((await compilePattern('a'.repeat(4096), { isAnchored: false })).isMatch('a'), false);
});

/** Milliseconds that the best of three matches takes. */
function bestMs(isMatch: (text: string) => boolean, text: string): number {
  return Math.min(
    ...[1, 2, 3].map(() => {
      const start = performance.now();
      isMatch(text);
      return performance.now() - start;
    }),
  );
}

test('patterns that make others backtrack for ever match in time linear in the text', async () => {
  const slow: readonly (readonly [string, string])[] = [
    ['(a+)+$', 'a'],
    ['^(a|a)*$', 'a'],
    ['^(a|aa)+$', 'a'],
    ['(.*)*=(.*)*$', 'x'],
    ['(?:a?){500}a{500}b', 'a'],
    ['^(\\w+\\s?)*$', 'a '],
  ];
  for (const [pattern, unit] of slow) {
    const { isMatch } = await compilePattern(pattern, { isAnchored: false });
    const long = `${unit.repeat(50_000)}!`;
    assert.equal(isMatch(long), false, pattern);
    // Backtracking would take longer than the universe is old; two seconds allow for a busy machine.
    assert.ok(bestMs(isMatch, long) < 2000, pattern);
  }
});

test('whatever the pattern, it is read or malformed', async () => {
  const piece = fc.constantFrom(
    ...'ab.*+?|()[]{}\\^$-:<>P=!#iQE1,é😀'.split(''),
    '(?',
    '(?P<n>',
    '{2,3}',
    '\\p{',
    '[[:',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 20 }), fc.boolean(), async (pieces, isAnchored) => {
      await judge(pieces.join(''), isAnchored);
    }),
    { numRuns: 500 },
  );
});
