import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { createScratchFolder } from '../../../test/support/scratch.ts';
import { ConfigError } from '../../base/errors.ts';
import { askStack, openControlSocket } from './control-socket.ts';

test('a command is answered over a socket that only the owner can open', async (t) => {
  const folder = createScratchFolder('control');
  // Left by a process that was killed.
  writeFileSync(join(folder, 'control.sock'), '');
  const socket = await openControlSocket(folder, {
    echo: (argument) => Promise.resolve({ argument }),
    refuse: () => Promise.reject(new ConfigError('STACK_FIXED', 'not in this mode')),
  });
  t.after(() => socket.close());
  assert.equal(statSync(join(folder, 'control.sock')).mode & 0o777, 0o600);
  assert.deepEqual(await askStack(folder, 'echo', { a: 1 }), { argument: { a: 1 } });
  await assert.rejects(
    askStack(folder, 'refuse', null),
    (error) => hasCode('CONTROL_REFUSED')(error) && /not in this mode/.test(String(error)),
  );
  await assert.rejects(askStack(folder, 'toString', null), hasCode('CONTROL_REFUSED'));
});

test('without a stack that runs nothing answers', async () => {
  await assert.rejects(askStack(createScratchFolder('control'), 'echo', null), hasCode('STACK_NOT_RUNNING'));
});

test('a path that no socket can have is refused', async () => {
  const folder = join(createScratchFolder('control'), 'x'.repeat(110));
  await assert.rejects(openControlSocket(folder, {}), hasCode('CONTROL_SOCKET_FAILED'));
});
