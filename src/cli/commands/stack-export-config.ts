/** countersign stack export-config */

import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { parseUtf8 } from '../../base/bytes.ts';
import { UsageError } from '../../base/errors.ts';
import { writeFileAtomic } from '../../clients/files/atomic-file.ts';
import { exportConfigurations } from '../../servers/stack/exported-configuration.ts';
import { declareCommand } from '../command.ts';
import { stackDataFlags } from '../flags/stack.ts';

/** What stands in for the folder in a text that is only printed. */
const UNWRITTEN = '/etc/sigstore';

export const stackExportConfigCommand = declareCommand({
  path: ['stack', 'export-config'],
  summary: 'Write what clients need to use a stack',
  description:
    'Writes into a folder the files that clients trust (root.json, trusted_root.json, signing_config.json, keys and chains) and, for each client, what to ' +
    'paste: scripts for countersign, cosign 2 and 3, sigstore-python, sigstore-js and gitsign, manifests for Kyverno and policy-controller. With the name ' +
    `of one of them it is printed instead, with ${UNWRITTEN} standing for the folder. Nothing in them is secret.`,
  examples: [
    { what: 'Everything, for the people who sign', command: 'countersign stack export-config --output ./sigstore' },
    { what: 'What cosign 3 needs', command: 'countersign stack export-config cosign-3.sh' },
  ],
  positional: { usage: '[NAME]', least: 0, most: 1 },
  flags: {
    ...stackDataFlags,
    output: {
      type: 'string',
      placeholder: 'FOLDER',
      completes: 'directory',
      help: 'where to write the files; what is there under the same names is replaced',
    },
  },
  isInCosign: false,
  run: async ({ values, args: [name] }) => {
    const folder = values.output === undefined ? UNWRITTEN : resolve(values.output);
    const files = await exportConfigurations(values.data, folder);
    const names = [...files.keys()].toSorted();
    if (name !== undefined) {
      const file = files.get(name);
      if (file === undefined) {
        throw new UsageError(
          'ARGUMENTS_INVALID',
          `expected one of ${names.join(', ')}, got ${JSON.stringify(name.slice(0, 100))}`,
        );
      }
      const text = parseUtf8(file);
      return { text, report: { name, text } };
    }
    if (values.output === undefined) {
      throw new UsageError('FLAGS_CONFLICT', `--output FOLDER is missing, or the name of one of: ${names.join(', ')}`);
    }
    await mkdir(folder, { recursive: true });
    for (const each of names) {
      await writeFileAtomic(join(folder, each), files.get(each) ?? new Uint8Array(), { mode: 0o644, overwrite: true });
    }
    return { text: names.map((each) => `${join(folder, each)}\n`).join(''), report: { folder, files: names } };
  },
});
