/** A small file system of its own, in which programs can be run: memory, mounted where only they see it. */

import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { createScratchFolder } from './scratch.ts';

export interface SmallDisk {
  /** Where programs that run in it see it. */
  readonly folder: string;
  /** Where this process sees it. */
  readonly seen: string;
  readonly run: (program: string, args: readonly string[]) => ChildProcess;
  readonly close: () => Promise<void>;
}

/** Undefined where this machine's user may not mount one. */
export async function openSmallDisk(megabytes: number): Promise<SmallDisk | undefined> {
  const folder = createScratchFolder('small-disk');
  const mount = `mount -t tmpfs -o size=${megabytes}m tmpfs "$0" && echo mounted && exec sleep 300`;
  if (spawnSync('nsenter', ['--version']).status !== 0) return undefined;
  const holder = spawn('unshare', ['--map-root-user', '--mount', 'sh', '-c', mount, folder], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = once(holder, 'close').catch(() => []);
  const [said] = (await Promise.race([once(holder.stdout, 'data'), ended])) as [Buffer?];
  if (!Buffer.isBuffer(said)) return undefined;
  const inside = ['--target', String(holder.pid), '--user', '--mount', '--preserve-credentials'];
  return {
    folder,
    seen: join('/proc', String(holder.pid), 'root', folder),
    run: (program, args) => spawn('nsenter', [...inside, program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] }),
    close: async () => {
      holder.kill('SIGKILL');
      await ended;
    },
  };
}
