/** countersign stack root import */

import { resolve } from 'node:path';

import { placesIn, requireSettings } from '../../servers/stack/data-directory.ts';
import { importRootKeys } from '../../servers/stack/root-keys.ts';
import { limits } from '../../base/limits.ts';
import { declareCommand } from '../command.ts';
import { stackDataFlags } from '../flags/stack.ts';
import { readInputFile } from '../input-file.ts';
import { readStackPassword, stackPasswordFlags } from '../stack-password.ts';

export const stackRootImportCommand = declareCommand({
  path: ['stack', 'root', 'import'],
  summary: 'Bring exported keys back into a stack',
  description:
    'Puts the keys of a file that "stack root export" wrote back into the data directory, for the next start to use where it has to publish whom clients ' +
    'should trust. Take them out again afterwards.',
  examples: [
    {
      what: 'Bring them back from a stick',
      command: 'countersign stack root import --data /var/lib/countersign /media/stick/sigstore-root-keys.json',
    },
  ],
  positional: { usage: 'FILE', least: 1, most: 1, completes: 'file' },
  flags: { ...stackDataFlags, ...stackPasswordFlags },
  isInCosign: false,
  run: async ({ values, args: [file = ''], session }) => {
    const dataDir = resolve(values.data);
    const { mode } = await requireSettings(dataDir);
    const exported = await readInputFile(session, file, limits.keyFileBytes);
    const password = await readStackPassword(session, {
      file: values['password-file'],
      keptIn: placesIn(dataDir).password,
      isNew: false,
      isDevelopment: mode === 'development',
    });
    const names = await importRootKeys(dataDir, exported, password);
    return { text: '', report: { data: dataDir, keys: names } };
  },
});
