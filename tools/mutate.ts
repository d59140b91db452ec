/** npm run mutate: changes every byte of every good document, where the tests change a part. Takes some minutes. */

import { resultOf, timed } from './stage-run.ts';
import { runLane } from './test-lanes.ts';

const limitMs = 15 * 60_000;

process.env['COUNTERSIGN_MUTATE'] = 'all';
const ok = await timed('mutation', async () =>
  resultOf(
    await runLane({ name: 'mutation', files: ['test/conformance/mutation.test.ts'], isolation: 'none', limitMs }),
  ),
);
if (!ok) process.exitCode = 1;
