/** npm test: every gate, then every lane of tests, then who was missing. Ends with "N passed, N failed". */

import { peerReport } from '../test/support/peers.ts';
import { runStages, resultOf, timed } from './stage-run.ts';
import { gateLanes, stages } from './stages.ts';
import { discoverLanes, runLane, sumOf } from './test-lanes.ts';

console.log(`Node ${process.versions.node} (${process.execPath})`);
const { tallies, ok } = await runStages(stages);
let allOk = ok;

if (ok) {
  for (const lane of await discoverLanes()) {
    if (gateLanes.includes(lane.name)) continue;
    const laneOk = await timed(lane.name, async () => {
      const tally = await runLane(lane);
      tallies.push(tally);
      return resultOf(tally);
    });
    allOk &&= laneOk;
  }
}

const { present, missing } = peerReport();
for (const { name, version } of present) console.log(`peer     ${name} ${version}`);
for (const { name, why } of missing) console.log(`MISSING  ${name}: ${why}`);
// A peer that is not there proves nothing: on a developer's machine that is said, in CI it is a failure.
if (missing.length > 0 && process.env['COUNTERSIGN_REQUIRE_PEERS'] === '1') allOk = false;

const { passed, failed, skipped } = sumOf(tallies);
if (!allOk || passed === 0) process.exitCode = 1;
if (skipped > 0) console.log(`${skipped} skipped`);
console.log(`${passed} passed, ${failed} failed`);
