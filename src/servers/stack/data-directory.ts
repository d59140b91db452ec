/** The data directory of a stack: who may use it, what is fixed in it, and its keys. */

import { readFileSync } from 'node:fs';
import { chmod, readFile, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { isSameBytes } from '../../base/bytes.ts';
import { ConfigError, CountersignError } from '../../base/errors.ts';
import { unfinishedNameOf, writeFileAtomic } from '../../clients/files/atomic-file.ts';
import { tryFileLock } from '../../clients/files/file-lock.ts';
import type { FileLock } from '../../clients/files/file-lock.ts';
import { keyRingWithout, namesInKeyRing, openKeyRing, sealKeyRing } from '../../crypto/key-ring.ts';
import type { KeyRing } from '../../crypto/key-ring.ts';
import { isAbsence, makeDirectory } from '../../storage/durable-file.ts';
import { encodeStackSettings, parseStackSettings } from './stack-settings.ts';
import type { StackSettings } from './stack-settings.ts';

export interface DataDirectory {
  /** Absolute. */
  readonly path: string;
  /** Objects of logs, certificates and trust. */
  readonly objects: string;
  /** SQLite index of the logs. */
  readonly index: string;
  /** Images, in development. */
  readonly registry: string;
  /** Whom the certificate authority believes: Fulcio's configuration, written by the user. */
  readonly issuers: string;
  /** The password that was made for a development stack to which none was given. */
  readonly password: string;
  readonly release: () => void;
}

/** The certificate that the stack made for itself. */
export const TLS_FILE = 'tls.pem';
const SETTINGS = 'stack.json';
const KEYS = 'keys.json';
const LOCK = 'lock';
const ISSUERS = 'issuers.yaml';
const PASSWORD = 'dev-password';
const SECRET = { mode: 0o600, overwrite: true } as const;

/** Makes the directory, closed to everybody else, where it is not there, and takes it for this process.
 *  Throws DATA_DIR_LOCKED, STACK_DATA_INVALID when it holds something else, FILE_NOT_WRITABLE. */
export async function openDataDirectory(dataDir: string): Promise<DataDirectory> {
  const path = resolve(dataDir);
  await makeDirectory(path);
  const lock = lockOf(path);
  try {
    const names = await finishedNamesIn(path);
    if (!names.includes(SETTINGS) && names.some((name) => !MADE_FIRST.has(name))) {
      throw new ConfigError('STACK_DATA_INVALID', `${path} is not empty, and no stack's: it has no ${SETTINGS}`);
    }
    await chmod(path, 0o700);
    return { ...placesIn(path), release: lock.release };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** The same places without taking them: for commands that only read. */
export function placesIn(dataDir: string): Omit<DataDirectory, 'release'> {
  const path = resolve(dataDir);
  return {
    path,
    objects: join(path, 'objects'),
    index: join(path, 'index.sqlite'),
    registry: join(path, 'registry'),
    issuers: join(path, ISSUERS),
    password: join(path, PASSWORD),
  };
}

/** Undefined when there is no stack. Throws STACK_VERSION_NEWER, STACK_DATA_INVALID. */
export async function readSettings(dataDir: string): Promise<StackSettings | undefined> {
  const bytes = await readIfThere(join(resolve(dataDir), SETTINGS));
  if (bytes === undefined) return undefined;
  return reading(SETTINGS, async () => parseStackSettings(bytes));
}

/** As `readSettings`. Throws STACK_NOT_FOUND besides. */
export async function requireSettings(dataDir: string): Promise<StackSettings> {
  const settings = await readSettings(dataDir);
  if (settings === undefined) throw new ConfigError('STACK_NOT_FOUND', `there is no stack in ${resolve(dataDir)}`);
  return settings;
}

export async function writeSettings(dataDir: string, settings: StackSettings): Promise<void> {
  await writeFileAtomic(join(dataDir, SETTINGS), encodeStackSettings(settings), SECRET);
}

export async function writeKeys(dataDir: string, keys: KeyRing, password: Uint8Array): Promise<void> {
  await writeFileAtomic(join(dataDir, KEYS), await sealKeyRing(keys, password), SECRET);
}

/** Opens the keys and compares them with what was made. Throws KEY_PASSWORD_WRONG, STACK_DATA_INVALID. */
export async function readKeys(dataDir: string, settings: StackSettings, password: Uint8Array): Promise<KeyRing> {
  const sealed = await readKeyFile(dataDir);
  const keys = await reading(KEYS, () => openKeyRing(sealed, password));
  requireStackKeys(keys, settings);
  return keys;
}

/** Throws STACK_DATA_INVALID for a key that is not one of those that were made. */
export function requireStackKeys(keys: KeyRing, settings: StackSettings): void {
  for (const [name, { publicKey }] of keys) {
    const made = settings.publicKeys.get(name);
    if (made === undefined || !isSameBytes(made, publicKey.spki)) {
      throw new ConfigError('STACK_DATA_INVALID', `the key ${JSON.stringify(name)} is not the one of this stack`);
    }
  }
}

/** The sealed keys. Throws STACK_DATA_INVALID. */
export async function readKeyFile(dataDir: string): Promise<Uint8Array> {
  const bytes = await readIfThere(join(resolve(dataDir), KEYS));
  if (bytes === undefined) throw new ConfigError('STACK_DATA_INVALID', `${dataDir} has lost its keys (${KEYS})`);
  return bytes;
}

/** What is there now: keys may be taken out while a stack runs. Throws STACK_DATA_INVALID. */
export function keyNamesIn(dataDir: string): readonly string[] {
  return namesInKeyRing(readFileSync(join(resolve(dataDir), KEYS)));
}

export async function removeKeys(dataDir: string, names: readonly string[]): Promise<void> {
  await writeFileAtomic(join(dataDir, KEYS), keyRingWithout(await readKeyFile(dataDir), names), SECRET);
}

/** What may be there before a stack is: the user's configuration, and what a process that was killed leaves. */
const MADE_FIRST = new Set([KEYS, LOCK, `${LOCK}-journal`, ISSUERS, PASSWORD, TLS_FILE]);
const WRITTEN_WHOLE = new Set([SETTINGS, KEYS, PASSWORD, TLS_FILE]);

/** Removes what a process that was killed left of the files that it was writing. */
async function finishedNamesIn(path: string): Promise<readonly string[]> {
  const names = await readdir(path);
  const unfinished = names.filter((name) => WRITTEN_WHOLE.has(unfinishedNameOf(name) ?? ''));
  for (const name of unfinished) await rm(join(path, name), { force: true });
  return names.filter((name) => !unfinished.includes(name));
}

function lockOf(path: string): FileLock {
  const lock = tryFileLock(join(path, LOCK));
  if (lock === undefined) {
    throw new ConfigError('DATA_DIR_LOCKED', `cannot lock ${path}: another process holds the lock`);
  }
  return lock;
}

/** What cannot be read is named, whatever is wrong with it. */
async function reading<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    const isOurs = cause instanceof CountersignError;
    if (!isOurs || cause.code === 'STACK_VERSION_NEWER' || cause.code === 'KEY_PASSWORD_WRONG') throw cause;
    throw new ConfigError('STACK_DATA_INVALID', `${name} cannot be read: ${cause.message}`, { cause });
  }
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}
