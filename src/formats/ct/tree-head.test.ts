import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { hexOf, parseHex } from '../../base/bytes.ts';
import { parseTreeHeadSignature, treeHeadBytesOf } from './tree-head.ts';

test('what is signed of a tree is version, type, time, size and root', () => {
  const bytes = treeHeadBytesOf({
    size: 0x0102030405n,
    root: new Uint8Array(32).fill(9),
    time: new Date(0x18e57c007a6),
  });
  assert.equal(hexOf(bytes), `00010000018e57c007a60000000102030405${'09'.repeat(32)}`);
});

test('time and signature of a checkpoint are read, and nothing besides', () => {
  const line = parseHex('0000018e57c007a6040300020a0b');
  assert.deepEqual(parseTreeHeadSignature(line), {
    time: new Date(0x18e57c007a6),
    signature: parseHex('040300020a0b'),
  });
  for (const wrong of [
    line.subarray(0, 7),
    line.subarray(0, -1),
    parseHex(`${hexOf(line)}00`),
    parseHex(`ff${hexOf(line).slice(2)}`),
  ]) {
    assert.throws(() => parseTreeHeadSignature(wrong), hasCode('CHECKPOINT_MALFORMED'));
  }
});
