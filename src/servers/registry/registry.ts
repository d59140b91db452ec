/** What the registry's endpoints work with: the stores of one data directory.
 *
 *    lock            held while a process serves the directory
 *    content/        all bytes, once each, by digest
 *    repositories/   which repository holds what (repository-store.ts)
 *    scratch/        uploads and files being written; emptied at start */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { openContentStore } from './content-store.ts';
import type { ContentStore } from './content-store.ts';
import { makeDirectory, writeDurably } from '../../storage/durable-file.ts';
import type { DurableFile } from '../../storage/durable-file.ts';
import { createExclusive } from '../../base/exclusive.ts';
import type { Exclusive } from '../../base/exclusive.ts';
import { openRepositoryStore } from './repository-store.ts';
import type { RepositoryStore } from './repository-store.ts';
import { openUploads } from './upload.ts';
import type { Uploads } from './upload.ts';

export interface RegistryFeatures {
  /** Whether DELETE of manifests, tags and blobs is served. */
  readonly isDeleteAllowed: boolean;
  /** Whether the referrers API is served; without it clients keep the fallback tag. */
  readonly isReferrersApiEnabled: boolean;
}

export interface Registry extends RegistryFeatures {
  readonly content: ContentStore;
  readonly repositories: RepositoryStore;
  readonly uploads: Uploads;
  /** Writes files in order; a crash leaves the first few of them, each whole. */
  readonly write: (files: readonly DurableFile[]) => Promise<void>;
  /** One writer per repository: what a manifest names must not go between the check and the write. */
  readonly exclusive: Exclusive;
}

/** Opens a directory that this process has locked. */
export async function openRegistry(dataDir: string, features: RegistryFeatures): Promise<Registry> {
  const scratch = join(dataDir, 'scratch');
  // What a killed process left here was never acknowledged to anybody.
  await rm(scratch, { recursive: true, force: true });
  await makeDirectory(scratch);
  return {
    ...features,
    content: openContentStore(join(dataDir, 'content')),
    repositories: openRepositoryStore(join(dataDir, 'repositories')),
    uploads: openUploads(scratch),
    write: (files) => writeDurably(scratch, files),
    exclusive: createExclusive(),
  };
}
