/** Files that a crash leaves either as they were or as they became: written beside, flushed, renamed, and the folder
 *  flushed too, because without that the new name itself may be lost. */

import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Makes a folder and those above it, each of them durable. */
export async function makeDirectory(path: string): Promise<void> {
  const firstMade = await mkdir(path, { recursive: true });
  if (firstMade === undefined) {
    return;
  }
  for (let made = path; made.length >= firstMade.length; made = dirname(made)) {
    await flushDirectory(dirname(made));
  }
}

/** A file to write, or one on the same file system, its bytes flushed already, to take over. */
export type DurableFile =
  | { readonly path: string; readonly bytes: Uint8Array | string }
  | { readonly path: string; readonly from: string };

/** Puts files under their paths, over whatever is there, in the order given: a crash leaves the first few of them, each
 *  whole. `scratch` is a folder on the same file system. */
export async function writeDurably(scratch: string, files: readonly DurableFile[]): Promise<void> {
  // 1. All bytes reach the disk, under names that nobody reads. Flushing them together costs as much as one.
  const sources = await Promise.all(
    files.map(async (file) => ('from' in file ? file.from : flushedFileOf(scratch, file.bytes))),
  );
  // 2. They get their names, one after the other.
  for (const [index, { path }] of files.entries()) {
    await makeDirectory(dirname(path));
    await rename(sources[index] as string, path);
  }
  // 3. The names reach the disk, before anybody is told that they exist.
  await Promise.all(Array.from(new Set(files.map(({ path }) => dirname(path))), flushDirectory));
}

/** False when there was nothing. */
export async function removeDurably(path: string): Promise<boolean> {
  try {
    await rm(path);
  } catch (error) {
    if (isAbsence(error)) {
      return false;
    }
    throw error;
  }
  await flushDirectory(dirname(path));
  return true;
}

/** Makes what was named in the folder, or removed from it, durable. */
export async function flushDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Whether a file system error means "there is no such file or folder". */
export function isAbsence(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

async function flushedFileOf(scratch: string, bytes: Uint8Array | string): Promise<string> {
  const path = join(scratch, randomUUID());
  const file = await open(path, 'wx');
  try {
    if (bytes.length > 0) {
      await file.writeFile(bytes);
      await file.sync();
    }
  } finally {
    await file.close();
  }
  return path;
}
