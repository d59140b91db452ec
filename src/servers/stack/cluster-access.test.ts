import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { createScratchFolder } from '../../../test/support/scratch.ts';
import { findClusterAccess } from './cluster-access.ts';

test('in a cluster its authority and the newest token are read, outside there is nothing', async () => {
  const folder = createScratchFolder('cluster');
  assert.equal(findClusterAccess(folder), undefined);
  writeFileSync(join(folder, 'ca.crt'), 'PEM');
  writeFileSync(join(folder, 'token'), 'first\n');
  const access = findClusterAccess(folder);
  assert.deepEqual([access?.issuerUrl, access?.caPem], ['https://kubernetes.default.svc', 'PEM']);
  assert.equal(await access?.bearerToken(), 'first');
  writeFileSync(join(folder, 'token'), 'second\n');
  assert.equal(await access?.bearerToken(), 'second');
});
