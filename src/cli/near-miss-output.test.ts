import assert from 'node:assert/strict';
import { test } from 'node:test';

import { compilePattern } from '../policy/pattern.ts';
import { nearMissOf } from '../verify/near-miss.ts';
import { exactly } from '../verify/policy.ts';
import type { TextMatcher } from '../verify/policy.ts';
import { nearMissLines } from './near-miss-output.ts';

const issuer = 'https://issuer.test';

function linesFor(subject: TextMatcher, seen: string): readonly string[] {
  const names = { subjects: [seen], unread: [], issuer, extensions: new Map() };
  return nearMissLines(nearMissOf({ subject, issuer: exactly(issuer), extensions: {} }, names));
}

/** What the carets stand under. */
function marked(expected: string, seen: string): string | undefined {
  const lines = linesFor(exactly(expected), seen);
  const at = lines.findIndex((line) => line.startsWith('    seen'));
  const carets = /^ *(\^+)$/.exec(lines[at + 1] ?? '')?.[1];
  const start = [...(lines[at + 1] ?? '')].indexOf('^');
  return carets === undefined ? undefined : [...(lines[at] ?? '')].slice(start, start + carets.length).join('');
}

const cases: readonly (readonly [string, string, string, string])[] = [
  ['a letter in the middle', 'dev@example.test', 'dev@exampel.test', 'el'],
  ['the first letter', 'dev@example.test', 'rev@example.test', 'r'],
  ['the last letter', 'dev@example.test', 'dev@example.tesx', 'x'],
  ['something before', 'dev@example.test', 'xdev@example.test', 'x'],
  ['something behind', 'dev@example.test', 'dev@example.test.evil', '.evil'],
  ['a missing end: where it should go on', 'dev@example.test', 'dev@example', '"'],
  ['a missing start: where it begins', 'dev@example.test', 'v@example.test', 'v'],
  ['a letter twice', 'aab', 'aaab', 'a'],
  ['another script that looks the same', 'dev@example.test', 'dev@ex\u0430mple.test', '\u0430'],
  ['nothing seen', 'a', '', '"'],
  ['an escape', 'dev@example.test', 'dev@\u202eexample.test', '\\u202e'],
  ['another text altogether', 'abc', 'xyz', 'xyz'],
];

for (const [what, expected, seen, under] of cases) {
  test(`the carets stand under ${what}`, () => {
    assert.equal(marked(expected, seen), under);
  });
}

test('of a pattern the flag is named, and no place', async () => {
  const pattern = await compilePattern('^ops@', { isAnchored: false });
  const lines = linesFor(pattern, 'dev@example.test');
  assert.deepEqual(lines, [
    '  as expected     issuer',
    '  subject         does not match --certificate-identity-regexp',
    '    expected      /^ops@/ (anywhere in the text)',
    '    seen          "dev@example.test"',
  ]);
});

test('small differences and parts are named', async () => {
  assert.match(linesFor(exactly('Dev@example.test'), 'dev@example.test')[1] ?? '', /only the case of letters differs$/);
  assert.match(linesFor(exactly('dev@other.test'), 'dev@example.test')[1] ?? '', /differs in domain only$/);
  const main = await compilePattern('@refs/heads/main$', { isAnchored: false });
  const seen = 'https://github.com/acme/app/.github/workflows/a.yml@refs/heads/next';
  assert.match(linesFor(main, seen)[1] ?? '', /--certificate-identity-regexp: only the ref differs$/);
});

test('what the certificate does not have is said', () => {
  const names = { subjects: [], unread: [], issuer: undefined, extensions: new Map() };
  const extensions = { buildTrigger: exactly('push') };
  const miss = nearMissOf({ subject: exactly('a'), issuer: exactly('b'), extensions }, names);
  const lines = nearMissLines(miss);
  assert.equal(lines.filter((line) => line.endsWith('the certificate has none')).length, 3);
});
