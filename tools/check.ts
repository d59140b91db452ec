/** npm run check [-- --only NAME,NAME]: every gate in turn, up to the first that says no. */

import { runStages } from './stage-run.ts';
import { stages } from './stages.ts';

const only = process.argv[process.argv.indexOf('--only') + 1];
const wanted = process.argv.includes('--only') ? (only ?? '').split(',') : stages.map(({ name }) => name);
const unknown = wanted.filter((name) => !stages.some((stage) => stage.name === name));
if (unknown.length > 0) {
  console.error(`no such gate: ${unknown.join(', ')} (there are ${stages.map(({ name }) => name).join(', ')})`);
  process.exit(2);
}

const { ok } = await runStages(stages.filter(({ name }) => wanted.includes(name)));
if (!ok) process.exitCode = 1;
