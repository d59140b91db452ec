/** countersign stack status */

import { isErrorWithCode } from '../../base/errors.ts';
import { printableOf } from '../../base/printable.ts';
import { runningStatusOf, stoppedStatusOf } from '../../servers/stack/stack-status.ts';
import type { StackStatus } from '../../servers/stack/stack-status.ts';
import { declareCommand, noArguments } from '../command.ts';
import { stackDataFlags } from '../flags/stack.ts';

export const stackStatusCommand = declareCommand({
  path: ['stack', 'status'],
  summary: 'Tell how a stack is',
  description:
    'Says whether a stack runs on the data directory, how large its logs are, what expires when, and what somebody should do. Exits with 0 when it runs ' +
    'and is ready, with 20 when it does not run, and with 1 when it is not ready.',
  examples: [{ what: 'Look at a stack', command: 'countersign stack status --data /var/lib/countersign' }],
  positional: noArguments,
  flags: stackDataFlags,
  timeoutMs: 30_000,
  isInCosign: false,
  run: async ({ values }) => {
    const status = await statusOf(values.data);
    const exit = !status.isRunning ? 20 : status.isReady === true ? 0 : 1;
    return { text: textOf(status), report: { ...status }, exit };
  },
});

async function statusOf(dataDir: string): Promise<StackStatus> {
  try {
    return await runningStatusOf(dataDir);
  } catch (error) {
    if (!isErrorWithCode(error, 'STACK_NOT_RUNNING')) throw error;
    return stoppedStatusOf(dataDir);
  }
}

function textOf(status: StackStatus): string {
  const state = !status.isRunning ? 'stopped' : status.isReady === true ? 'ready' : 'NOT READY';
  const rows: readonly (readonly [string, string])[] = [
    ['stack', `${status.name} (${status.mode}), ${state}`],
    ['url', status.url],
    ['data', status.data],
    ...(status.pid === undefined ? [] : [['process', `${status.pid}, since ${status.started ?? ''}`] as const]),
    ...Object.entries(status.logs ?? {}).map(
      ([name, log]) => [`log ${name}`, `${log.entries} entries, checkpoint of ${log.checkpoint}`] as const,
    ),
    ...Object.entries(status.expiries ?? {}).map(([what, expires]) => [what, `until ${expires}`] as const),
    ...(status.problems ?? []).map((problem) => ['PROBLEM', problem] as const),
    ...(status.warnings ?? []).map((warning) => ['WARNING', warning] as const),
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.map(([name, value]) => `${name.padEnd(width)}${printableOf(value)}\n`).join('');
}
