import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { test } from 'node:test';

import { hasCode } from '../../test/support/error-code.ts';
import { limits } from '../base/limits.ts';
import { requireFreeSpace } from './free-space.ts';

test('less than the reserve is no room, and a file system that does not tell is believed to have some', async (t) => {
  const { statfs } = fs;
  t.after(() => {
    fs.statfs = statfs;
    syncBuiltinESMExports();
  });
  const bsize = 4096;
  const least = limits.storeReserveBytes / bsize;
  for (const [blocks, bavail, isRoom] of [
    [10 * least, least, true],
    [10 * least, least - 1, false],
    [10 * least, 0, false],
    [0, 0, true],
  ] as const) {
    Object.assign(fs, { statfs: async () => ({ blocks, bavail, bsize }) });
    syncBuiltinESMExports();
    if (isRoom) await requireFreeSpace('.');
    else await assert.rejects(requireFreeSpace('.'), hasCode('STORE_FULL'));
  }
});
