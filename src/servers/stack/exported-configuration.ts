/** The configurations for clients of the stack in a data directory, whether it runs or not. */

import { ConfigError } from '../../base/errors.ts';
import { parseSigningConfig } from '../../formats/trust/signing-config.ts';
import { openDirectoryReader } from '../../storage/directory-store.ts';
import { readTufFile } from '../tuf/tuf-file.ts';
import { readTufState } from '../tuf/tuf-state.ts';
import { clientConfigurationsOf } from './client-configuration.ts';
import { placesIn, requireSettings } from './data-directory.ts';
import { readStackChains } from './stack-chains.ts';
import { stackFactsOf } from './stack-facts.ts';

/** By file name, for this folder (absolute). They say what the repository says to clients. Throws STACK_NOT_FOUND,
 *  STACK_DATA_INVALID, TUF_REPOSITORY_DAMAGED. */
export async function exportConfigurations(dataDir: string, folder: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const settings = await requireSettings(dataDir);
  const objects = openDirectoryReader(placesIn(dataDir).objects);
  const [chains, tuf] = await Promise.all([readStackChains(objects), readTufState(objects)]);
  const signingConfig = tuf && (await readTufFile(objects, tuf, 'targets/signing_config.v0.2.json'));
  if (tuf === undefined || signingConfig === undefined) {
    throw new ConfigError('STACK_DATA_INVALID', 'the data directory has lost its trust repository');
  }
  const issuers = parseSigningConfig(signingConfig.bytes).issuers.map(({ url }) => url);
  return clientConfigurationsOf({ facts: stackFactsOf(settings, chains, issuers), tufRoot: tuf.root.bytes, folder });
}
