/** Writes a file whole or not at all: never half, never with looser permissions for a moment. */

import { randomBytes } from 'node:crypto';
import { link, open, realpath, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { ConfigError, messageOf } from '../../base/errors.ts';

export interface AtomicFileOptions {
  /** Permission bits: 0o600 for secrets. */
  readonly mode: number;
  /** Replace what is there; a link is followed, so that a linked configuration file stays linked. */
  readonly overwrite: boolean;
}

/** Throws FILE_EXISTS (without `overwrite`), FILE_NOT_WRITABLE. */
export async function writeFileAtomic(path: string, bytes: Uint8Array, options: AtomicFileOptions): Promise<void> {
  const target = options.overwrite ? await realpath(path).catch(() => path) : path;
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}`);
  try {
    // 1. A name nobody else uses, created here (O_EXCL: no planted link is followed), with its final permissions.
    await writeSynced(temporary, bytes, options.mode);
    // 2. The final name appears with the whole content. A link fails if the name is taken; a rename replaces.
    await (options.overwrite ? rename(temporary, target) : linkNew(temporary, target));
    // 3. The name itself survives a power cut.
    await syncFolder(dirname(target));
  } catch (cause) {
    // After the rename there is nothing left to remove.
    await unlink(temporary).catch(() => undefined);
    throw isCode(cause, 'EEXIST')
      ? new ConfigError('FILE_EXISTS', `${path} is there already`, { cause })
      : new ConfigError('FILE_NOT_WRITABLE', `cannot write ${path}: ${messageOf(cause)}`, { cause });
  }
}

/** The file of which this is an unfinished copy, by its name: one that a writer left that was killed. */
export function unfinishedNameOf(name: string): string | undefined {
  return /^\.(.+)\.[0-9a-f]{12}$/.exec(name)?.[1];
}

async function writeSynced(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    // The umask may have taken bits away that the caller asked for.
    await file.chmod(mode);
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function linkNew(temporary: string, target: string): Promise<void> {
  await link(temporary, target);
  await unlink(temporary);
}

async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open folders; there a rename is durable by itself.
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
