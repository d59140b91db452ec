/** Takes the keys that daily work does not need out of a stack, and brings them back. Both work while it runs: it has
 *  opened its keys and does not read them again. */

import { readFile } from 'node:fs/promises';

import { ConfigError } from '../../base/errors.ts';
import { writeFileAtomic } from '../../clients/files/atomic-file.ts';
import { openKeyRing, sealKeyRing } from '../../crypto/key-ring.ts';
import { readKeys, removeKeys, requireSettings, requireStackKeys, writeKeys } from './data-directory.ts';
import { offlineKeyNames } from './stack-keys.ts';

/** Returns the names of the keys. Throws ROOT_KEYS_ABSENT, FILE_EXISTS, KEY_PASSWORD_WRONG, STACK_NOT_FOUND. */
export async function exportRootKeys(dataDir: string, file: string, password: Uint8Array): Promise<readonly string[]> {
  // 1. The password opens all keys, or nothing is moved.
  const keys = await readKeys(dataDir, await requireSettings(dataDir), password);
  const exported = new Map([...keys].filter(([name]) => (offlineKeyNames as readonly string[]).includes(name)));
  if (exported.size === 0) throw new ConfigError('ROOT_KEYS_ABSENT', 'the keys have been taken out already');
  // 2. They are in the file, durable, and come back out of it.
  await writeFileAtomic(file, await sealKeyRing(exported, password), { mode: 0o600, overwrite: false });
  await openKeyRing(await readFile(file), password);
  // 3. Only then do they leave. A crash before this leaves them in both places.
  const names = [...exported.keys()];
  await removeKeys(dataDir, names);
  return names;
}

/** Returns the names of the keys. Throws KEY_PASSWORD_WRONG, STACK_DATA_INVALID for keys of another stack. */
export async function importRootKeys(
  dataDir: string,
  exported: Uint8Array,
  password: Uint8Array,
): Promise<readonly string[]> {
  const settings = await requireSettings(dataDir);
  const [keys, brought] = await Promise.all([readKeys(dataDir, settings, password), openKeyRing(exported, password)]);
  requireStackKeys(brought, settings);
  await writeKeys(dataDir, new Map([...keys, ...brought]), password);
  return [...brought.keys()];
}
