/** Trying credentials on a registry. @source OCI distribution-spec, section Determining Support */

import type { Runtime } from '../../base/runtime.ts';
import { discard, requireStatus } from './answer.ts';
import { openExchange } from './exchange.ts';
import type { RegistrySettings } from './settings.ts';

/** Returns when the registry lets us in with the settings' credentials; true when it asked for them at all. Throws
 *  REGISTRY_DENIED and the rest of a registry's failures. */
export async function requireLogin(settings: RegistrySettings, runtime: Runtime, registry: string): Promise<boolean> {
  let isAsked = false;
  const credentials = {
    credentialsFor: (...names: Parameters<typeof settings.credentials.credentialsFor>) => {
      isAsked = true;
      return settings.credentials.credentialsFor(...names);
    },
  };
  const exchange = openExchange({ ...settings, credentials }, runtime);
  await exchange.askRepeatedly(
    { method: 'GET', repository: { registry, path: '' }, target: '', action: 'pull' },
    async (answer) => discard(await requireStatus(answer, 200)),
  );
  return isAsked;
}
