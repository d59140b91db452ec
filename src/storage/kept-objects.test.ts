import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createMemoryStore } from '../../test/support/memory-store.ts';
import { utf8Of } from '../base/bytes.ts';
import { keepObjects } from './kept-objects.ts';

test('what is not there or not right is written, and what is right is left alone', async () => {
  const objects = createMemoryStore();
  const [right, wrong, missing] = ['right', 'wrong', 'missing'].map((key) => ({ key, bytes: utf8Of(`${key} one`) }));
  assert.ok(right !== undefined && wrong !== undefined && missing !== undefined);
  await objects.create([right, { ...wrong, bytes: utf8Of('damaged') }]);
  const writes: string[] = [];
  const watched = {
    ...objects,
    replace: (key: string, ...rest: [Uint8Array, string | undefined]) => (
      writes.push(key),
      objects.replace(key, ...rest)
    ),
  };
  await keepObjects(watched, [right, wrong, missing]);
  assert.deepEqual(writes, ['wrong']);
  for (const { key, bytes } of [right, wrong, missing]) {
    assert.deepEqual(Uint8Array.from((await objects.read(key))?.bytes ?? []), bytes);
  }
});
