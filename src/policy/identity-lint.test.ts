import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { isErrorWithCode } from '../base/errors.ts';
import { exactly } from '../verify/policy.ts';
import { hostileExamplesOf, isAnyone } from './identity-lint.ts';
import { compilePattern } from './pattern.ts';

async function hostileTexts(pattern: string): Promise<readonly string[]> {
  const matcher = await compilePattern(pattern, { isAnchored: false });
  return hostileExamplesOf(pattern, matcher).map(({ text }) => text);
}

const open: Readonly<Record<string, readonly string[]>> = {
  'https://github.com/acme/.*': ['https://evil.example/https://github.com/acme/x', 'https://githubXcom/acme/x'],
  '^https://github.com/acme': ['https://github.com/acme-evil/x', 'https://githubXcom/acme'],
  '^https://github\\.com/acme': ['https://github.com/acme-evil/x'],
  'https://github\\.com/acme/.*$': ['https://evil.example/https://github.com/acme/x'],
  '^https://github\\.com/acme/app/\\.github/workflows/release\\.yml@refs/heads/main': [
    'https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main-evil/x',
  ],
  '@example\\.com': ['https://evil.example/@example.com', '@example.com.evil.example'],
  '@example\\.com$': ['https://evil.example/@example.com'],
  '^dev@example\\.com': ['dev@example.com.evil.example'],
  '^dev@example.com$': ['dev@exampleXcom'],
  '^https://token\\.actions\\.githubusercontent\\.com': ['https://token.actions.githubusercontent.com.evil.example'],
  // The anchors of an alternation hold one side each.
  '^https://a\\.example/x|https://b\\.example/y$': [
    'https://a.example/x-evil/x',
    'https://evil.example/https://b.example/y',
  ],
  '(?i)^DEV@example\\.com': ['DEV@example.com.evil.example'],
  '^(?:dev|ops)@(?P<domain>example)\\.com': ['dev@example.com.evil.example'],
  '^https://github\\.com/[a-z]+/app': ['https://github.com/a/app-evil/x'],
  '^\\Qdev@example.com\\E': ['dev@example.com.evil.example'],
  '^v\\d{3}x': ['v111x.evil.example'],
  // Strangers come in without any trick.
  'https://github.com/': ['https://github.com/mallory/evil/.github/workflows/evil.yml@refs/heads/main'],
  '.*@.*': ['mallory@evil.example'],
  '.*': ['mallory@evil.example'],
};

for (const [pattern, expected] of Object.entries(open)) {
  test(`/${pattern}/ also matches ${expected.join(' and ')}`, async () => {
    assert.deepEqual([...(await hostileTexts(pattern))].sort(), [...expected].sort());
  });
}

const closed = [
  '^dev@example\\.com$',
  '^https://github\\.com/acme/',
  '^https://github\\.com/acme/.*$',
  '^https://github\\.com/acme/[^/]+/\\.github/workflows/release\\.yml@refs/tags/v.*$',
  '^(dev|ops)@example\\.com$',
  '\\A\\Qdev@example.com\\E\\z',
];

for (const pattern of closed) {
  test(`/${pattern}/ is not warned about`, async () => {
    assert.deepEqual(await hostileTexts(pattern), []);
  });
}

test('patterns that ask for nobody are told from those that ask for somebody', async () => {
  for (const pattern of [
    '.*',
    '.+',
    '',
    '^',
    '$',
    '^.*$',
    '(?s).*',
    '.',
    '|',
    '()',
    '[^ ]+',
    '(?i)E',
    '(.*)',
    'x*',
    '\\w',
  ]) {
    assert.equal(isAnyone(await compilePattern(pattern, { isAnchored: false })), true, pattern);
  }
  for (const pattern of ['@', '^https://', '.*@.*', 'acme', '^dev', '.+@example\\.com']) {
    assert.equal(isAnyone(await compilePattern(pattern, { isAnchored: false })), false, pattern);
  }
  assert.equal(isAnyone(exactly('.*')), false);
});

test('whatever the pattern, every example is one that it matches', async () => {
  const piece = fc.constantFrom(
    ...'ab./@|()[]{}\\^$-*+?'.split(''),
    'https://',
    'github',
    '\\.',
    '.*',
    '[^/]+',
    '(?:',
    '(?i)',
    '\\d',
    '{2}',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 16 }), async (pieces) => {
      const pattern = pieces.join('');
      try {
        const matcher = await compilePattern(pattern, { isAnchored: false });
        for (const { text } of hostileExamplesOf(pattern, matcher)) assert.ok(matcher.isMatch(text), pattern);
      } catch (error) {
        assert.ok(isErrorWithCode(error, 'PATTERN_MALFORMED'), String(error));
      }
    }),
    { numRuns: 1000 },
  );
});
