/** `npm run bench [LANE…]`: how fast verification is beside its own signature checks, our built command line beside
 *  cosign 2 and 3, and a private Sigstore of ours under load. Programs are compared in turn, as ratios of one run. Needs
 *  `npm run build`, the peers (tools/install-peers.sh) except for `stack` and `stack-large`, and the public suite for
 *  `verification`, `profile` and `cold`. Prints a Markdown table; never a test. */

import { loadavg } from 'node:os';

import { benchCold } from './cold.ts';
import { registryLanes } from './lanes.ts';
import { benchProfile } from './profile.ts';
import type { Row } from './row.ts';
import { openBench } from './setting.ts';
import { benchLargeLog } from './stack/large-log.ts';
import { benchStack } from './stack/stack-lane.ts';
import type { Bench } from './setting.ts';
import { benchVerification } from './verification.ts';

const lanes: Readonly<Record<string, () => Promise<readonly Row[]>>> = {
  verification: benchVerification,
  profile: benchProfile,
  cold: benchCold,
  stack: benchStack,
  'stack-large': benchLargeLog,
  ...Object.fromEntries(
    Object.entries(registryLanes).map(([name, lane]) => [name, async () => lane(await requireBench())]),
  ),
};
/** Many minutes. */
const onlyByName: readonly string[] = ['stack-large'];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in lanes));
if (unknown.length > 0) {
  throw new Error(`no such lane: ${unknown.join(', ')}; there are ${Object.keys(lanes).join(', ')}`);
}
let bench: Bench | undefined;
try {
  const rows: Row[] = [];
  for (const [name, lane] of Object.entries(lanes)) {
    if (wanted.length === 0 ? !onlyByName.includes(name) : wanted.includes(name)) rows.push(...(await lane()));
  }
  console.log('| lane | measured | aim | met |\n|---|---|---|---|');
  for (const { what, measured, aim, isMet } of rows) {
    console.log(`| ${what} | ${measured} | ${aim} | ${isMet ? 'yes' : 'no'} |`);
  }
  // Ratios survive a busy machine only so far.
  console.log(`\nload average of the last minute: ${loadavg()[0]?.toFixed(1)}`);
} finally {
  await bench?.close();
}

/** Opened by the first lane that needs it. */
async function requireBench(): Promise<Bench> {
  bench ??= await openBench();
  return bench;
}
