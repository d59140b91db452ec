import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseByteCount } from './byte-count.ts';

test('sizes are read as cosign reads them', () => {
  const sizes: readonly (readonly [string, number])[] = [
    ['5120', 5120],
    ['20K', 20_000],
    ['45MiB', 47_185_920],
    ['1GB', 1e9],
    ['1.5 kib', 1536],
  ];
  for (const [text, bytes] of sizes) assert.equal(parseByteCount('SIZE', text), bytes);
});

test('what is no size is refused, naming the variable', () => {
  for (const text of ['', '-1', '1TiB', 'many', '1 2']) {
    assert.throws(() => parseByteCount('SIZE', text), { code: 'ENVIRONMENT_INVALID', message: /^SIZE/ });
  }
});
