/** From where a signature comes, as its certificate says: the source, and what ran there. */

import type { FulcioExtensionName } from '../formats/x509/fulcio-extensions.ts';
import type { SignerNames } from '../verify/signer-names.ts';
import { factLine } from './entity-output.ts';

/** What people look for, and where authorities write it: first the name that says it best. */
const FACTS: readonly (readonly [string, readonly FulcioExtensionName[]])[] = [
  ['repository', ['sourceRepositoryUri', 'githubWorkflowRepository']],
  ['ref', ['sourceRepositoryRef', 'githubWorkflowRef']],
  ['commit', ['sourceRepositoryDigest', 'githubWorkflowSha']],
  ['workflow', ['buildConfigUri', 'githubWorkflowName']],
  ['trigger', ['buildTrigger', 'githubWorkflowTrigger']],
  ['run', ['runInvocationUri']],
  ['runner', ['runnerEnvironment']],
];

/** Told with whoever signed. */
const TOLD_ELSEWHERE: readonly FulcioExtensionName[] = ['issuer', 'issuerV2'];

/** One line each, then what else the certificate says under the authorities' own names. Older spellings are told again only
 *  where they say something else. */
export function originLines({ extensions }: SignerNames): readonly string[] {
  const told = new Set(TOLD_ELSEWHERE);
  const lines = FACTS.flatMap(([fact, names]) => {
    const [best, ...older] = names.filter((name) => extensions.has(name));
    const value = best === undefined ? undefined : extensions.get(best);
    if (best === undefined || value === undefined) return [];
    told.add(best);
    older.filter((name) => isSaidBy(value, extensions.get(name) ?? '')).forEach((name) => told.add(name));
    return [factLine(fact, value)];
  });
  const others = [...extensions].filter(([name]) => !told.has(name));
  return [...lines, ...others.map(([name, value]) => factLine(name, value))];
}

/** "acme/app" is said by "https://github.com/acme/app". */
function isSaidBy(value: string, older: string): boolean {
  return value === older || value.endsWith(`/${older}`);
}
