/** countersign stack root export */

import { resolve } from 'node:path';

import { UsageError } from '../../base/errors.ts';
import { placesIn, requireSettings } from '../../servers/stack/data-directory.ts';
import { exportRootKeys } from '../../servers/stack/root-keys.ts';
import { declareCommand, noArguments } from '../command.ts';
import { stackDataFlags } from '../flags/stack.ts';
import { readStackPassword, stackPasswordFlags } from '../stack-password.ts';

export const stackRootExportCommand = declareCommand({
  path: ['stack', 'root', 'export'],
  summary: 'Take the keys out of a stack that daily work does not need',
  description:
    "Moves the keys of the certificate authority's root, the timestamp authority's root, and TUF's root and targets from the data directory into a file, " +
    'sealed with the same password. With them somebody could make clients trust anything; without them the stack goes on as it is. Keep the file, and a ' +
    'copy of it, where the network does not reach. The keys leave the data directory only when the file is written and read back.',
  examples: [
    {
      what: 'Move them to a stick',
      command:
        'countersign stack root export --data /var/lib/countersign --output /media/stick/sigstore-root-keys.json',
    },
  ],
  positional: noArguments,
  flags: {
    ...stackDataFlags,
    output: {
      type: 'string',
      placeholder: 'FILE',
      completes: 'file',
      help: 'where to write the keys; must not be there yet (required)',
    },
    ...stackPasswordFlags,
  },
  isInCosign: false,
  run: async ({ values, session }) => {
    if (values.output === undefined)
      throw new UsageError('FLAGS_CONFLICT', '--output is missing: where should the keys go?');
    const dataDir = resolve(values.data);
    const { mode } = await requireSettings(dataDir);
    const password = await readStackPassword(session, {
      file: values['password-file'],
      keptIn: placesIn(dataDir).password,
      isNew: false,
      isDevelopment: mode === 'development',
    });
    const names = await exportRootKeys(dataDir, resolve(values.output), password);
    session.log.note('Without this file nobody can change whom clients trust: keep it, and a copy of it.');
    return { text: `${resolve(values.output)}\n`, report: { file: resolve(values.output), keys: names } };
  },
});
