/** What TUF keeps fresh on this machine (the trusted root, the signing configuration), by the variables that cosign reads. */

import { join } from 'node:path';

import { isErrorWithCode } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Runtime } from '../base/runtime.ts';
import { readChosenMirror } from '../clients/tuf/cache.ts';
import { parseFlagValue } from './flag-value.ts';
import { readInputFile } from './input-file.ts';
import type { Session } from './session.ts';

/** The JSON of the trusted root; undefined when neither `initialize` nor TUF_MIRROR chose a repository. Throws
 *  FILE_NOT_READABLE, FLAG_VALUE_INVALID, and what `readTufTarget` throws. */
export async function fetchTrustedRoot(
  session: Session,
  runtime: Runtime,
  isOffline: boolean,
): Promise<Uint8Array | undefined> {
  return fetchTarget(session, runtime, isOffline, 'trusted_root.json');
}

/** The JSON of the signing configuration; undefined also when the repository has none. Throws as `fetchTrustedRoot`. */
export async function fetchSigningConfig(session: Session, runtime: Runtime): Promise<Uint8Array | undefined> {
  try {
    return await fetchTarget(session, runtime, false, 'signing_config.v0.2.json');
  } catch (error) {
    if (isErrorWithCode(error, 'TUF_TARGET_MISSING')) return undefined;
    throw error;
  }
}

/** TUF_ROOT, else `~/.sigstore/root`, which cosign uses too. */
export function tufCacheDirOf({ environment, homeDir }: Session): string {
  return environment['TUF_ROOT'] || join(homeDir, '.sigstore', 'root');
}

async function fetchTarget(
  session: Session,
  runtime: Runtime,
  isOffline: boolean,
  name: string,
): Promise<Uint8Array | undefined> {
  const cacheDir = tufCacheDirOf(session);
  const { TUF_MIRROR: named, TUF_ROOT_JSON: rootFile, SIGSTORE_NO_CACHE: noCache } = session.environment;
  const mirror = named || (await readChosenMirror(cacheDir));
  if (mirror === undefined) return undefined;
  if (rootFile) session.log.noteOnce(`Trusting the root that TUF_ROOT_JSON names: ${rootFile}`);
  // Loaded here: most commands need none of it.
  const { readTufTarget } = await import('../clients/tuf/tuf-source.ts');
  const { bytes } = await readTufTarget(
    {
      cacheDir,
      mirror,
      ...(rootFile && { firstRoot: await readInputFile(session, rootFile, limits.tufRootBytes) }),
      isOffline,
      isReadOnly:
        parseFlagValue('SIGSTORE_NO_CACHE', { type: 'bool', default: false, help: '' }, [noCache || 'false']) === true,
    },
    name,
    runtime,
  );
  return bytes;
}
