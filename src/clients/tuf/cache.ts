/** The folder where TUF documents and targets are kept, laid out as cosign 3 and sigstore-go lay it out, so that each
 *  can use what the other fetched: `remote.json` names the mirror, one folder per mirror holds `root.json`,
 *  `timestamp.json`, `snapshot.json`, `targets.json` and `targets/NAME`, and a file beside it the last refresh. */

import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { utf8Of } from '../../base/bytes.ts';
import { decodeDocument, decodeObject, decodeString, optional } from '../../base/decode.ts';
import { ConfigError, messageOf } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { sha256HexOf } from '../../crypto/hash.ts';
import { writeFileAtomic } from '../files/atomic-file.ts';
import { readFileCapped } from '../files/capped-file.ts';

/** Files by their path below a mirror's folder. */
export interface CacheFiles {
  /** Undefined when there is none. Throws FILE_NOT_READABLE. */
  readonly read: (path: string, maxBytes: number) => Promise<Uint8Array | undefined>;
  /** Whole or not at all. Throws FILE_NOT_WRITABLE. */
  readonly write: (path: string, bytes: Uint8Array) => Promise<void>;
}

/** Bytes of `remote.json` and of a note of the last refresh. */
const NOTE_BYTES = 4096;
/** Names that a mirror's folder may not have: other things in the cache have them. */
const TAKEN = /^(?:remote\.json|tuf\.db|targets)$/;

/** "timestamp.json"; a delegated role's name is escaped. */
export function documentFileOf(role: string): string {
  return `${encodeURIComponent(role)}.json`;
}

/** "targets/trusted_root.json"; slashes in the name are escaped, so that no name leaves the folder. */
export function targetFileOf(name: string): string {
  return `targets/${encodeURIComponent(name)}`;
}

/** The folder of a mirror in a cache: its address without the scheme, in lower case, with dashes for slashes and colons.
 *  Throws TUF_MIRROR_INVALID for an address that makes no name. @source sigstore-go pkg/tuf, URLToPath */
export function mirrorFolderOf(cacheDir: string, address: string): string {
  const name = address
    .replace(/^https?:\/\//, '')
    .replaceAll(/[/:]/g, '-')
    .toLowerCase();
  if (!/^[^.\\\0][^\\\0]{0,199}$/.test(name) || TAKEN.test(name)) {
    throw new ConfigError(
      'TUF_MIRROR_INVALID',
      `the address ${JSON.stringify(address.slice(0, 200))} makes no folder name`,
    );
  }
  return join(cacheDir, name);
}

/** A folder on disk, which need not be there yet. */
export function diskFiles(folder: string): CacheFiles {
  return {
    read: async (path, maxBytes) => readIfThere(join(folder, path), maxBytes),
    write: async (path, bytes) => {
      await createFolder(dirname(join(folder, path)));
      await writeFileAtomic(join(folder, path), bytes, { mode: 0o644, overwrite: true });
    },
  };
}

/** Nothing but these, in memory. */
export function memoryFiles(files: Map<string, Uint8Array>): CacheFiles {
  return {
    read: async (path) => files.get(path),
    write: async (path, bytes) => void files.set(path, bytes),
  };
}

/** The mirror that `initialize` chose last, ours or cosign's. Throws CONFIG_MALFORMED, FILE_NOT_READABLE. */
export async function readChosenMirror(cacheDir: string): Promise<string | undefined> {
  return (await readNote(join(cacheDir, 'remote.json'), decodeObject({ mirror: decodeString })))?.mirror;
}

/** What is written beside a mirror's folder after each update. */
export interface UpdateNote {
  readonly time: Date;
  /** SHA-256 of the root that the update began with; undefined when another program wrote the note. */
  readonly firstRoot: string | undefined;
}

/** Undefined when there is none that can be read: then nothing is known. */
export async function readUpdateNote(mirrorFolder: string): Promise<UpdateNote | undefined> {
  const decoder = decodeObject({ lastTimestamp: decodeString, firstRoot: optional(decodeString) });
  const note = await readNote(`${mirrorFolder}.json`, decoder).catch(() => undefined);
  const time = new Date(note?.lastTimestamp ?? Number.NaN);
  return Number.isNaN(time.getTime()) ? undefined : { time, firstRoot: note?.firstRoot };
}

/** Throws FILE_NOT_WRITABLE. */
export async function writeUpdateNote(mirrorFolder: string, time: Date, firstRoot: Uint8Array): Promise<void> {
  // The members of cosign's note, and ours.
  await writeNote(`${mirrorFolder}.json`, { lastTimestamp: time.toISOString(), firstRoot: sha256HexOf(firstRoot) });
}

/** Puts these files in place of a mirror's folder and chooses the mirror. Nothing of what was there changes before all
 *  files are written. Throws FILE_NOT_WRITABLE. The caller holds the lock. */
export async function replaceMirror(
  cacheDir: string,
  address: string,
  files: ReadonlyMap<string, Uint8Array>,
  { now, firstRoot }: { readonly now: Date; readonly firstRoot: Uint8Array },
): Promise<void> {
  const folder = mirrorFolderOf(cacheDir, address);
  const [coming, going] = [`${folder}.new`, `${folder}.old`];
  // 1. What an earlier run left when it was killed.
  await removeFolder(coming);
  await removeFolder(going);
  // 2. All files, beside those that count.
  await createFolder(coming);
  for (const [path, bytes] of files) await diskFiles(coming).write(path, bytes);
  // 3. The exchange. A crash between the two renames leaves no folder: whoever comes next is told to initialize.
  try {
    await rename(folder, going).catch(ignoreMissing);
    await rename(coming, folder).catch(async (cause: unknown) => {
      await rename(going, folder).catch(ignoreMissing);
      throw cause;
    });
  } catch (cause) {
    throw new ConfigError('FILE_NOT_WRITABLE', `cannot replace ${folder}: ${messageOf(cause)}`, { cause });
  }
  // 4. From here on the new root counts.
  await writeUpdateNote(folder, now, firstRoot);
  await writeNote(join(cacheDir, 'remote.json'), { mirror: address });
  await removeFolder(going);
}

/** With the folders above it, for this user alone. Throws FILE_NOT_WRITABLE. */
export async function createFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw new ConfigError('FILE_NOT_WRITABLE', `cannot create the folder ${path}: ${messageOf(cause)}`, { cause });
  });
}

async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch((cause: unknown) => {
    throw new ConfigError('FILE_NOT_WRITABLE', `cannot remove ${path}: ${messageOf(cause)}`, { cause });
  });
}

async function readIfThere(path: string, maxBytes: number): Promise<Uint8Array | undefined> {
  try {
    return readFileCapped(path, maxBytes);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR'))
      return undefined;
    throw new ConfigError('FILE_NOT_READABLE', `cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
}

async function readNote<T>(path: string, decoder: (value: unknown, path: string) => T): Promise<T | undefined> {
  const bytes = await readIfThere(path, NOTE_BYTES);
  if (bytes === undefined) return undefined;
  try {
    return decodeDocument(parseJson(bytes, { what: path, maxBytes: NOTE_BYTES }), decoder, path);
  } catch (cause) {
    throw new ConfigError('CONFIG_MALFORMED', messageOf(cause), { cause });
  }
}

async function writeNote(path: string, note: Readonly<Record<string, string>>): Promise<void> {
  await writeFileAtomic(path, utf8Of(JSON.stringify(note)), { mode: 0o600, overwrite: true });
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
}
