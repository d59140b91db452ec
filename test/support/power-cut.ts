/** What a power cut would leave on the disk: bytes that were flushed, under names whose folder was flushed; the rest only
 *  by luck. A process that is killed keeps all that it wrote, so only this finds a flush that is missing. */

import { readFileSync, readdirSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';

export interface WatchedDisk {
  /** Writes what would be left now into a new folder. `isLucky` is asked of each thing that was not flushed. */
  readonly writeImage: (to: string, isLucky: () => boolean) => void;
  readonly close: () => void;
}

/** One file, whatever its names: what of it was flushed. */
interface File {
  flushed: Buffer;
}

type Entry = File | 'folder';
type Names = ReadonlyMap<string, Entry>;

/** Watches what this process does, through node:fs/promises, in a folder that is there and empty. */
export function watchDisk(root: string): WatchedDisk {
  const files = new Map<number, File>();
  const folders = new Map<string, Names>();
  const paths = new WeakMap<FileHandle, string>();
  const { open } = fs;
  let unwatch = (): void => undefined;

  const namesIn = (folder: string): Names =>
    new Map(
      readdirSync(folder).flatMap((name): [string, Entry][] => {
        const { ino, isDirectory } = statsOf(join(folder, name));
        const file = files.get(ino);
        // Of files that were made otherwise (SQLite's, sockets) nothing is known.
        return isDirectory ? [[name, 'folder']] : file === undefined ? [] : [[name, file]];
      }),
    );

  const watched = async (path: string, flags?: string, mode?: number): Promise<FileHandle> => {
    const handle = await open(path, flags, mode);
    paths.set(handle, path);
    if (flags !== 'r') files.set(statsOf(path).ino, { flushed: Buffer.alloc(0) });
    unwatch = watchSync(handle, unwatch, paths, (flushed) => {
      // What is there when the flush begins is what it makes durable.
      const { ino, isDirectory } = statsOf(flushed);
      if (isDirectory) {
        const names = namesIn(flushed);
        return () => folders.set(flushed, names);
      }
      const bytes = readFileSync(flushed);
      const file = files.get(ino);
      return () => file !== undefined && (file.flushed = bytes);
    });
    return handle;
  };
  Object.assign(fs, { open: watched });
  syncBuiltinESMExports();

  const writeFolder = (from: string, to: string, isLucky: () => boolean): void => {
    mkdirSync(to, { recursive: true });
    const [kept, now] = [folders.get(from) ?? new Map<string, Entry>(), namesIn(from)];
    for (const name of new Set([...kept.keys(), ...now.keys()])) {
      const [before, after] = [kept.get(name), now.get(name)];
      const entry = before !== after && isLucky() ? after : before;
      if (entry === 'folder') writeFolder(join(from, name), join(to, name), isLucky);
      else if (entry !== undefined) writeFileSync(join(to, name), bytesOf(entry, after, join(from, name), isLucky));
    }
  };
  return {
    writeImage: (to, isLucky) => writeFolder(root, to, isLucky),
    close: () => {
      Object.assign(fs, { open });
      syncBuiltinESMExports();
      unwatch();
    },
  };
}

function bytesOf(file: File, now: Entry | undefined, path: string, isLucky: () => boolean): Buffer {
  return file === now && isLucky() ? readFileSync(path) : file.flushed;
}

function statsOf(path: string): { readonly ino: number; readonly isDirectory: boolean } {
  const stats = statSync(path);
  return { ino: stats.ino, isDirectory: stats.isDirectory() };
}

/** `flush` is called with the path when a flush begins; what it returns, when it has ended well. */
function watchSync(
  handle: FileHandle,
  unwatch: () => void,
  paths: WeakMap<FileHandle, string>,
  flush: (path: string) => () => unknown,
): () => void {
  const prototype = Object.getPrototypeOf(handle) as FileHandle & { isWatched?: boolean };
  if (prototype.isWatched === true) return unwatch;
  const sync = Reflect.get(prototype, 'sync');
  prototype.isWatched = true;
  prototype.sync = async function watched(this: FileHandle): Promise<void> {
    const path = paths.get(this);
    const isFlushed = path === undefined ? undefined : flush(path);
    await sync.call(this);
    isFlushed?.();
  };
  return () => {
    prototype.sync = sync;
    delete prototype.isWatched;
  };
}
