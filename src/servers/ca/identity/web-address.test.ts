import assert from 'node:assert/strict';
import { test } from 'node:test';

import { webAddressOf } from './web-address.ts';

// Each pair was made by Go's url.Parse(...).String().
test('addresses are escaped as Go escapes them', () => {
  const pairs: readonly (readonly [string, string])[] = [
    ['https://h.example', 'https://h.example'],
    ['https://h.example/a!(b)*[c]', 'https://h.example/a!(b)*[c]'],
    ['https://h.example/\u00fc*-(', 'https://h.example/%C3%BC%2A-%28'],
    ['https://h.example/\\):', 'https://h.example/%5C%29:'],
    ['https://h.example/~:]"', 'https://h.example/~:%5D%22'],
    ['https://h.example/a b%2f%41', 'https://h.example/a%20b/A'],
    ['https://h.example/a%2fb', 'https://h.example/a%2fb'],
    ['https://h.example/[<%20##', 'https://h.example/%5B%3C%20#%23'],
    ['https://h.example/a#', 'https://h.example/a'],
    ['https://h.example/a?', 'https://h.example/a?'],
    ['https://h.example/a?b#c?d', 'https://h.example/a?b#c?d'],
    ["https://h.example/a#\u00fc'(b)", 'https://h.example/a#%C3%BC%27(b)'],
  ];
  for (const [text, address] of pairs) assert.equal(webAddressOf(text), address, text);
});

test('what is no address of a web page has none', () => {
  const texts = [
    '',
    'h.example/a',
    'ftp://h.example/a',
    'https:///a',
    'https://u@h.example/a',
    'https://h.example\\@evil.example/',
    'https://h.example:x/',
    'https://h ex/',
    'https://[::1]/',
    'https://h.example/50%',
    'https://h.example/%zz',
    'https://h.example/a?b c',
    'https://h.example/a?\u00fc',
  ];
  for (const text of texts) assert.equal(webAddressOf(text), undefined, text);
});
