/** Everything that people need to point clients at a stack: files, and text to paste. */

import { utf8Of } from '../../base/bytes.ts';
import { clientFilesOf } from './client-file.ts';
import { clientScriptsOf } from './client-scripts.ts';
import type { ConfigurationContext } from './client-scripts.ts';
import { clusterPoliciesOf } from './cluster-policies.ts';

/** By file name, to be written into the context's folder. Throws KEY_UNSUPPORTED. */
export function clientConfigurationsOf(context: ConfigurationContext): ReadonlyMap<string, Uint8Array> {
  const texts = [...clientScriptsOf(context), ...clusterPoliciesOf(context)];
  return new Map([
    ...Object.entries(clientFilesOf(context.facts, context.tufRoot)),
    ...texts.map(([name, text]) => [name, utf8Of(text)] as const),
  ]);
}
