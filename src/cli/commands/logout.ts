/** countersign logout */

import { removeCredentials } from '../../clients/credentials/stored-credentials.ts';
import { parseRegistry } from '../../formats/oci/reference.ts';
import { declareCommand } from '../command.ts';

export const logoutCommand = declareCommand({
  path: ['logout'],
  summary: 'Remove the stored credentials of a registry',
  description:
    "Removes what login, or docker login, stored for the registry in docker's config.json or credential helper.",
  examples: [{ what: 'Log out', command: 'countersign logout registry.example.com' }],
  positional: { usage: 'SERVER', least: 1, most: 1 },
  flags: {},
  isInCosign: false,
  run: async ({ args, session: { environment, homeDir, log } }) => {
    const registry = parseRegistry(args[0] ?? '');
    const isRemoved = await removeCredentials({ environment, homeDir }, registry);
    log.note(isRemoved ? `logged out of ${registry}` : `no credentials were stored for ${registry}`);
    return { text: '', report: { registry, isRemoved } };
  },
});
