/** Watches this process's own writes to disk: what is flushed, and what gets its name. */

import fs from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

import type { FileStep } from './crash-point.ts';
import { createScratchFolder } from './scratch.ts';

/** Calls, and waits for, `onStep` around each `sync` of a file or folder, `link` and `rename`, until the returned function
 *  is called. */
export async function watchFileSteps(onStep: (step: FileStep) => void | Promise<void>): Promise<() => void> {
  const handle = await fs.open(createScratchFolder('handle'), 'r');
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const sync = Reflect.get(prototype, 'sync');
  const { link, rename } = fs;
  prototype.sync = async function watched(this: FileHandle): Promise<void> {
    await onStep('before-fsync');
    await sync.call(this);
    await onStep('after-fsync');
  };
  const named =
    (name: (from: string, to: string) => Promise<void>) =>
    async (from: string, to: string): Promise<void> => {
      await onStep('before-name');
      await name(from, to);
      await onStep('after-name');
    };
  Object.assign(fs, { link: named(link), rename: named(rename) });
  syncBuiltinESMExports();
  return () => {
    prototype.sync = sync;
    Object.assign(fs, { link, rename });
    syncBuiltinESMExports();
  };
}
