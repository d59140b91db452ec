/** countersign stack verify-log */

import { hexOf } from '../../base/bytes.ts';
import { verifyStackLog } from '../../servers/stack/verify-logs.ts';
import type { LogName } from '../../servers/stack/verify-logs.ts';
import { declareCommand, noArguments } from '../command.ts';
import { stackDataFlags } from '../flags/stack.ts';
import { openProgress } from '../progress.ts';

export const stackVerifyLogCommand = declareCommand({
  path: ['stack', 'verify-log'],
  summary: 'Check the whole logs of a stack',
  description:
    'Walks through each log from its first entry: every entry must be in its tiles, every tile must be what the entries make, and all of it must lead to ' +
    'the newest checkpoint, which must be signed by the key of the log. Works from the files alone, whether the stack runs or not.',
  examples: [
    { what: 'After a restore, before starting', command: 'countersign stack verify-log --data /var/lib/countersign' },
  ],
  positional: noArguments,
  flags: {
    ...stackDataFlags,
    log: { type: 'enum', values: ['all', 'rekor', 'ctlog'], default: 'all', help: 'which log' },
  },
  isInCosign: false,
  run: async ({ values, session }) => {
    const names: readonly LogName[] = values.log === 'all' ? ['rekor', 'ctlog'] : [values.log];
    const logs: object[] = [];
    const lines: string[] = [];
    for (const name of names) {
      const progress = openProgress(session);
      const { size, root, checkpoint } = await verifyStackLog(values.data, name, (checked, of) =>
        progress.show(() => `log ${name}: ${checked} of ${of} entries`),
      ).finally(() => progress.close());
      logs.push({ log: name, entries: size.toString(), rootHash: hexOf(root), checkpoint });
      lines.push(`log ${name}: ${size} entries verified, root ${hexOf(root)}\n`);
    }
    return { text: lines.join(''), report: { logs } };
  },
});
