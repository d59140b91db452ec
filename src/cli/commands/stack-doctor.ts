/** countersign stack doctor */

import { resolve } from 'node:path';

import { printableOf } from '../../base/printable.ts';
import { examineStack } from '../../servers/stack/doctor.ts';
import type { Finding } from '../../servers/stack/doctor.ts';
import { declareCommand, noArguments } from '../command.ts';
import { stackDataFlags } from '../flags/stack.ts';
import { withRuntime } from '../with-runtime.ts';

export const stackDoctorCommand = declareCommand({
  path: ['stack', 'doctor'],
  summary: 'Find out what is wrong with a stack',
  description:
    'Looks at the data directory, its keys, logs and disk, at the stack that runs on it, and whether clients get through to it, and says of each what is ' +
    'so and what to do. Changes nothing and needs no password. Exits with 1 when something is wrong.',
  examples: [{ what: 'When something does not work', command: 'countersign stack doctor --data /var/lib/countersign' }],
  positional: noArguments,
  flags: stackDataFlags,
  timeoutMs: 60_000,
  isInCosign: false,
  run: async ({ values, session }) => {
    const findings = await withRuntime(session, (runtime) => examineStack(resolve(values.data), runtime));
    const isWell = findings.every(({ outcome }) => outcome !== 'bad');
    return { text: findings.map(lineOf).join(''), report: { findings }, exit: isWell ? 0 : 1 };
  },
});

const marks: Readonly<Record<Finding['outcome'], string>> = { good: 'ok', warning: 'WARNING', bad: 'WRONG' };

function lineOf({ what, outcome, saw, next }: Finding): string {
  const line = `${marks[outcome].padEnd(8)} ${what.padEnd(12)} ${printableOf(saw)}\n`;
  return next === undefined ? line : `${line}${' '.repeat(22)}${printableOf(next)}\n`;
}
