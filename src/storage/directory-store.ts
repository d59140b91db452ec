/** Objects as files below one folder. The caller sees to it that one process at a time opens the folder. */

import { hash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { isSameBytes } from '../base/bytes.ts';
import { CountersignError, messageOf } from '../base/errors.ts';
import { createExclusive } from '../base/exclusive.ts';
import type { Exclusive } from '../base/exclusive.ts';
import { limits } from '../base/limits.ts';
import { mapPool } from '../base/pool.ts';
import { FlushedFiles } from './flushed-files.ts';
import { isKeySegment, requireKeyPrefix, requireObjectKey } from './object-key.ts';
import type { NewObject, ObjectReader, ObjectStore, StoredObject } from './object-store.ts';

/** For files without a key yet; no part of a key looks like this. */
const SCRATCH = '~scratch';

interface Directory {
  readonly folder: string;
  readonly files: FlushedFiles;
  readonly exclusive: Exclusive;
}

/** Opens a folder, which is made when it is not there; the one above it must be readable. A version is the SHA-256 of the
 *  bytes. No object can have the key of a folder of others: STORE_CONFLICT. Throws the file system's error. */
export async function openDirectoryStore(folder: string): Promise<ObjectStore> {
  const files = await FlushedFiles.open(folder, SCRATCH);
  const directory: Directory = { folder, files, exclusive: createExclusive() };
  return {
    read: (key) => read(directory, key),
    create: (objects) => create(directory, objects),
    replace: (key, bytes, expected) => replace(directory, key, bytes, expected),
    list: (prefix) => list(directory, prefix),
    remove: (keys) => remove(directory, keys),
  };
}

/** Reads beside the process that writes: sees each object whole, the newest perhaps a moment before it is durable. */
export function openDirectoryReader(folder: string): ObjectReader {
  return {
    list: async (prefix) => {
      requireKeyPrefix(prefix);
      const keys: string[] = [];
      await collectKeys(folder, prefix, keys);
      return keys;
    },
    read: async (key) => {
      requireObjectKey(key);
      const bytes = await readIfThere(join(folder, key));
      return bytes && { bytes, version: versionOf(bytes) };
    },
  };
}

/** Waits for a `replace` of the key that is under way: a value that a crash could take back is shown to nobody. */
async function read(directory: Directory, key: string): Promise<StoredObject | undefined> {
  const path = pathOf(directory, key);
  directory.files.requireSound();
  return directory.exclusive(key, async () => {
    const bytes = await readIfThere(path);
    if (bytes !== undefined) await directory.files.settle(dirname(path));
    directory.files.requireSound();
    return (
      bytes && {
        bytes,
        // Few readers ask for it.
        get version() {
          return versionOf(bytes);
        },
      }
    );
  });
}

async function create(directory: Directory, objects: readonly NewObject[]): Promise<void> {
  const { files } = directory;
  const paths = objects.map(({ key }) => pathOf(directory, key));
  const folders = Array.from(new Set(paths.map((path) => dirname(path))));
  await files.write(async () => {
    // 1. The bytes reach the disk, under names that nobody reads.
    const staged = await files.stage(objects.map(({ bytes }) => bytes));
    try {
      // 2. They get their names. A crash from here on leaves some of the objects, each whole.
      await mapPool(folders, objects.length, (folder) => files.settle(folder));
      await mapPool(objects, objects.length, async ({ key, bytes }, index) => {
        const path = paths[index] as string;
        if (await files.nameNew(staged[index] as string, path)) return;
        const there = await readIfThere(path);
        if (there === undefined || !isSameBytes(there, bytes)) throw conflict(key);
      });
    } catch (error) {
      await files.discard(staged);
      throw error;
    }
    // 3. The names reach the disk, also those that were there: the write that made them may not have come so far.
    await Promise.all([files.discard(staged), ...folders.map((folder) => files.flush(folder))]);
  });
}

async function replace(
  directory: Directory,
  key: string,
  bytes: Uint8Array,
  expected: string | undefined,
): Promise<string> {
  const { files, exclusive } = directory;
  const path = pathOf(directory, key);
  return exclusive(key, () =>
    files.write(async () => {
      const there = await readIfThere(path);
      if ((there && versionOf(there)) !== expected) throw conflict(key);
      const version = versionOf(bytes);
      const [staged = ''] = await files.stage([bytes]);
      try {
        await files.settle(dirname(path));
        if (expected !== undefined) await files.nameOver(staged, path);
        else if (!(await files.nameNew(staged, path))) throw conflict(key);
      } catch (error) {
        await files.discard([staged]);
        throw error;
      }
      // Until here a crash may leave either value; afterwards only the new one.
      await Promise.all([files.discard([staged]), files.flush(dirname(path))]);
      return version;
    }),
  );
}

async function remove({ folder, files, exclusive }: Directory, keys: readonly string[]): Promise<void> {
  keys.forEach(requireObjectKey);
  await files.write(async () => {
    // Folders stay, even empty ones: another write may be about to name a file there.
    await mapPool(keys, 16, (key) =>
      exclusive(key, () =>
        rm(join(folder, key)).catch((error: unknown) => {
          if (!isNoFile(error)) throw error;
        }),
      ),
    );
  });
}

async function list({ folder, files }: Directory, prefix: string): Promise<readonly string[]> {
  requireKeyPrefix(prefix);
  files.requireSound();
  const keys: string[] = [];
  await collectKeys(folder, prefix, keys);
  return keys;
}

/** In the order of whole keys: "a-b" stands before "a/b". */
async function collectKeys(folder: string, prefix: string, keys: string[]): Promise<void> {
  const entries = await readdir(join(folder, prefix), { withFileTypes: true }).catch((error: unknown) => {
    if (isNoFile(error)) return [];
    throw readFailure(error);
  });
  const names = entries
    .filter((entry) => isKeySegment(entry.name) && (entry.isFile() || entry.isDirectory()))
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
  for (const name of names.toSorted()) {
    if (keys.length >= limits.storeListing) return;
    if (name.endsWith('/')) await collectKeys(folder, prefix + name, keys);
    else keys.push(prefix + name);
  }
}

function pathOf({ folder }: Directory, key: string): string {
  requireObjectKey(key);
  return join(folder, key);
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isNoFile(error)) return undefined;
    throw readFailure(error);
  }
}

/** There is nothing, a folder, or a file where a folder would be. */
function isNoFile(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    ['ENOENT', 'EISDIR', 'ENOTDIR', 'ERR_FS_EISDIR'].includes(String(error.code))
  );
}

/** One object that cannot be read says nothing of what is written. */
function readFailure(cause: unknown): CountersignError {
  return new CountersignError('STORE_FAILED', `an object cannot be read: ${messageOf(cause)}`, { cause });
}

function versionOf(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

function conflict(key: string): CountersignError {
  return new CountersignError('STORE_CONFLICT', `the object ${key} is not what its writer believes`);
}
