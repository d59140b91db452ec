/** `npm run bench [LANE…]`: our built command line against cosign 2 and 3, whole processes, interleaved, ratios in one
 *  run. Needs the peers (tools/install-peers.sh). Prints a Markdown table; never a test. */

import { loadavg } from 'node:os';

import { lanes } from './lanes.ts';
import { openBench } from './setting.ts';

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in lanes));
if (unknown.length > 0) {
  throw new Error(`no such lane: ${unknown.join(', ')}; there are ${Object.keys(lanes).join(', ')}`);
}
const bench = await openBench();
try {
  console.log('| lane | measured | aim | met |\n|---|---|---|---|');
  for (const [name, lane] of Object.entries(lanes)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    for (const { what, measured, aim, isMet } of await lane(bench)) {
      console.log(`| ${what} | ${measured} | ${aim} | ${isMet ? 'yes' : 'no'} |`);
    }
  }
  // Ratios survive a busy machine only so far.
  console.log(`\nload average of the last minute: ${loadavg()[0]?.toFixed(1)}`);
} finally {
  await bench.close();
}
