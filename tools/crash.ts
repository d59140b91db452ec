/** `npm run crash -- [--rounds 200] [--seed N]`: kills a stack under load at every step of its writes and while it starts,
 *  and proves after each time, with other people's clients, that it lost and forked nothing. Needs the peers
 *  (tools/install-peers.sh). */

import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

import { runCrashRounds } from '../test/support/crash-rounds.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '200' }, seed: { type: 'string', default: `${randomInt(1_000_000)}` } },
});
const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
if (!Number.isSafeInteger(rounds) || rounds < 1 || !Number.isSafeInteger(seed)) {
  throw new Error('expected --rounds and --seed to be whole numbers');
}
console.log(`${rounds} rounds of seed ${seed}`);
await runCrashRounds({
  rounds,
  seed,
  onRound: ({ round, point, isReached, ...told }) => {
    const where = point === undefined ? 'at any moment' : `${point.step} ${point.log ?? ''} #${point.nth}`;
    const counts = Object.entries(told).map(([what, count]) => `${count} ${what}`);
    console.log(`${round} ${where}${isReached ? '' : ' (not reached)'}: ${counts.join(', ')}`);
  },
});
console.log('nothing that was told was lost, and no two checkpoints conflict');
