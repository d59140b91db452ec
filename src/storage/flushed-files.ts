/** Files whose bytes and names are on the disk before anybody is told of them. After a flush that failed nothing is
 *  written any more: the kernel may have dropped the bytes and marked them clean, so that a second flush would succeed
 *  and mean nothing. */

import { link, mkdir, open, rename, rm, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { CountersignError, messageOf } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { mapPool } from '../base/pool.ts';
import { flushDirectory, makeDirectory } from './durable-file.ts';

/** Files written at once: Node works on four at a time, and the disk flushes together what waits together. */
const IN_FLIGHT = 16;

export class FlushedFiles {
  readonly #root: string;
  readonly #scratch: string;
  /** Folders that are on the disk, with all names that they had when the process began. */
  readonly #settled = new Map<string, Promise<void>>();
  #staged = 0;
  #failure: CountersignError | undefined;

  private constructor(root: string, scratch: string) {
    this.#root = root;
    this.#scratch = scratch;
  }

  /** Makes the folder if need be, and empties its scratch folder of what a killed process left there. */
  static async open(root: string, scratchName: string): Promise<FlushedFiles> {
    const scratch = join(root, scratchName);
    await makeDirectory(root);
    // A process that was killed may have made the folder and not flushed its name.
    await flushDirectory(dirname(root));
    await rm(scratch, { recursive: true, force: true });
    await mkdir(scratch);
    return new FlushedFiles(root, scratch);
  }

  /** Throws STORE_FAILED once a flush has failed. */
  requireSound(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Runs a write. What it throws becomes STORE_FULL when there was no room, STORE_CONFLICT when a file stands where a
   *  folder is wanted, and otherwise STORE_FAILED, for good. */
  async write<T>(run: () => Promise<T>): Promise<T> {
    this.requireSound();
    try {
      const result = await run();
      this.requireSound();
      return result;
    } catch (cause) {
      if (cause instanceof CountersignError) throw cause;
      const code = codeOf(cause);
      // Flushes do not come here: this is a file or name that could not be made.
      if (code === 'ENOSPC' || code === 'EDQUOT') {
        throw new CountersignError('STORE_FULL', `there is no room: ${messageOf(cause)}`, { cause });
      }
      if (code === 'ENOTDIR') {
        throw new CountersignError('STORE_CONFLICT', `an object is in the way: ${messageOf(cause)}`, { cause });
      }
      throw this.#break(cause);
    }
  }

  /** Paths of flushed files that hold the bytes; `discard` what is not moved away. */
  async stage(contents: readonly Uint8Array[]): Promise<readonly string[]> {
    const paths = contents.map(() => join(this.#scratch, String(this.#staged++)));
    try {
      await mapPool(paths, IN_FLIGHT, (path, index) => this.#writeFlushed(path, contents[index] as Uint8Array));
    } catch (error) {
      await this.discard(paths);
      throw error;
    }
    return paths;
  }

  /** Also of those that were moved away; what cannot be removed is removed when the folder is opened again. */
  async discard(staged: readonly string[]): Promise<void> {
    await mapPool(staged, IN_FLIGHT, (path) => unlink(path).catch(() => undefined));
  }

  /** Gives a staged file its name, unless the name is taken: then false. `flush` its folder afterwards. */
  async nameNew(staged: string, path: string): Promise<boolean> {
    try {
      await link(staged, path);
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    }
  }

  /** Gives a staged file its name, whatever had it before. `flush` its folder afterwards. */
  async nameOver(staged: string, path: string): Promise<void> {
    await rename(staged, path);
  }

  /** Makes the folder if need be. Then it, those above it, and the names that it had when the process began are on the
   *  disk: a process that was killed may have left names that were not. */
  settle(folder: string): Promise<void> {
    const known = this.#settled.get(folder);
    if (known !== undefined) return known;
    if (this.#settled.size >= limits.storeFolders) this.#settled.clear();
    const settling = this.#settleAnew(folder);
    this.#settled.set(folder, settling);
    settling.catch(() => this.#settled.delete(folder));
    return settling;
  }

  /** Throws STORE_FAILED, for good. */
  async flush(folder: string): Promise<void> {
    await flushDirectory(folder).catch((cause: unknown) => this.#breakOff(cause));
  }

  async #settleAnew(folder: string): Promise<void> {
    if (folder !== this.#root) {
      const parent = dirname(folder);
      await this.settle(parent);
      const isNew = await isMade(folder);
      if (isNew) return this.flush(parent);
    }
    await this.flush(folder);
  }

  async #writeFlushed(path: string, bytes: Uint8Array): Promise<void> {
    const file = await open(path, 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync().catch((cause: unknown) => this.#breakOff(cause));
    } finally {
      await this.#close(file);
    }
  }

  async #close(file: FileHandle): Promise<void> {
    await file.close().catch((cause: unknown) => this.#breakOff(cause));
  }

  #breakOff(cause: unknown): never {
    throw this.#break(cause);
  }

  #break(cause: unknown): CountersignError {
    this.#failure ??= new CountersignError('STORE_FAILED', `a write to disk failed: ${messageOf(cause)}`, { cause });
    return this.#failure;
  }
}

async function isMade(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
