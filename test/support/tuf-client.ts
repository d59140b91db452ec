/** A TUF client of ours before a served repository, which remembers from run to run. */
import type { TestContext } from 'node:test';

import { memoryFiles } from '../../src/clients/tuf/cache.ts';
import { openMirror } from '../../src/clients/tuf/mirror.ts';
import { fetchTarget } from '../../src/clients/tuf/target.ts';
import type { TrustedMetadata } from '../../src/clients/tuf/trusted-metadata.ts';
import { updateMetadata } from '../../src/clients/tuf/update.ts';
import { createTestRuntime } from './test-runtime.ts';
import { serveTufRepository } from './tuf-repository.ts';
import type { TufRepository } from './tuf-repository.ts';

export interface TufClient {
  /** The cache: by path below a mirror's folder. */
  readonly kept: Map<string, Uint8Array>;
  /** "GET /timestamp.json". */
  readonly asked: () => readonly string[];
  readonly warnings: readonly string[];
  /** One run: from the root that the last one kept, or from this one. */
  readonly update: (options?: { readonly now?: Date; readonly root?: Uint8Array }) => Promise<TrustedMetadata>;
  /** One run that wants a target. */
  readonly fetch: (name: string) => Promise<Uint8Array>;
}

export async function openTufClient(t: TestContext, repository: TufRepository): Promise<TufClient> {
  const server = await serveTufRepository(t, repository);
  const runtime = createTestRuntime(t);
  const kept = new Map<string, Uint8Array>();
  const warnings: string[] = [];
  const log = { ...runtime.log, warn: (message: string) => void warnings.push(message) };
  const mirror = openMirror(`http://${server.host}`, { runtime });
  const updateAt = (now: Date) => ({ files: memoryFiles(kept), mirror, now, isOffline: false, log });
  const update: TufClient['update'] = ({
    now = new Date(),
    root = kept.get('root.json') ?? repository.firstRoot,
  } = {}) => updateMetadata(root, updateAt(now));
  return {
    kept,
    asked: server.asked,
    warnings,
    update,
    fetch: async (name) => fetchTarget(await update(), name, updateAt(new Date())),
  };
}
