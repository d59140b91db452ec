/** What every part of a stack stands on: where things are kept, the logs, the authorities' certificates. */

import type { KeyRing } from '../../crypto/key-ring.ts';
import type { Signer } from '../../crypto/signer.ts';
import { openDirectoryStore } from '../../storage/directory-store.ts';
import { requireFreeSpace } from '../../storage/free-space.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { openSqliteIndex } from '../../storage/sqlite-index.ts';
import type { DataDirectory } from './data-directory.ts';
import { openStackChains } from './stack-chains.ts';
import type { StackChains } from './stack-chains.ts';
import { requireSigner } from './stack-keys.ts';
import { openStackLogs } from './stack-logs.ts';
import type { StackLogs } from './stack-logs.ts';
import type { StackOptions } from './stack-options.ts';
import type { StackSettings } from './stack-settings.ts';

/** Called from the last to the first. */
export type Closers = (() => Promise<void> | void)[];

export interface CoreContext {
  readonly directory: DataDirectory;
  readonly settings: StackSettings;
  readonly keys: KeyRing;
  readonly options: StackOptions;
}

export interface StackCore extends CoreContext {
  readonly objects: ObjectStore;
  readonly chains: StackChains;
  readonly signers: Readonly<Record<keyof StackLogs, Signer>>;
  readonly logs: StackLogs;
}

/** Throws STACK_DATA_INVALID, LOG_DAMAGED, INDEX_*, STORE_FAILED. */
export async function openStackCore(context: CoreContext, closers: Closers): Promise<StackCore> {
  const { directory, settings, keys, options } = context;
  const { runtime, log, witnesses, onFatal, onStep } = options;
  const { now, random } = runtime;
  const objects = await openDirectoryStore(directory.objects);
  const index = await openSqliteIndex(directory.index, {
    now,
    onMovedAside: (path) => log.warn(`the index could not be read, was moved to ${path}, and is made anew`),
  });
  closers.push(index.close);
  const chains = await openStackChains({ objects, settings, keys, now, random });
  const signers = { rekor: requireSigner(keys, 'rekor'), ctlog: requireSigner(keys, 'ctlog') };
  const requireRoom = (): Promise<void> => requireFreeSpace(directory.path);
  const writing = { index, requireRoom, onFatal, ...(onStep === undefined ? {} : { onStep }) };
  const logs = await openStackLogs({ objects, settings, signers, witnesses, runtime, log, ...writing });
  closers.push(logs.rekor.close, logs.ctlog.close);
  return { ...context, objects, chains, signers, logs };
}
