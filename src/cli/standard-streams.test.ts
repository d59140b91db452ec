import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { text } from 'node:stream/consumers';

const LINES = 20_000;
const PROGRAM = `
  import { openStandardStreams } from ${JSON.stringify(new URL('standard-streams.ts', import.meta.url).href)};
  const streams = openStandardStreams();
  for (let at = 0; at < ${LINES}; at += 1) streams.writeError(\`remark \${at} of many\\n\`);
  streams.stderr.write('by the stream\\n');
  streams.writeError('after the stream\\n');
  await streams.flush();
  process.exit(7);
`;

test('remarks fit no pipe at once, and all arrive in order, before the end', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [seen, [status]] = await Promise.all([text(child.stderr), once(child, 'close')]);
  const remarks = Array.from({ length: LINES }, (_, at) => `remark ${at} of many`);
  assert.deepEqual(seen.split('\n'), [...remarks, 'by the stream', 'after the stream', '']);
  assert.equal(status, 7);
});

test('a reader that has gone changes nothing', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.stderr.destroy();
  const [status] = await once(child, 'close');
  assert.equal(status, 7);
});
