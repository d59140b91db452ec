/** What every flow about an image is handed: the world, the registries, and where signatures are kept. */

import type { Runtime } from '../base/runtime.ts';
import type { RegistryClient } from '../clients/registry/registry-client.ts';
import type { Digest } from '../formats/oci/digest.ts';
import type { Repository } from '../formats/oci/reference.ts';

export interface ImageContext {
  readonly runtime: Runtime;
  readonly registry: RegistryClient;
  /** COSIGN_REPOSITORY: replaces the image's repository for everything that is stored about the image. */
  readonly signaturePlace?: Repository;
  /** Written before `sha256-<hex>.sig`. */
  readonly tagPrefix?: string;
}

/** An image, and the repository that holds what is stored about it. */
export interface Subject {
  readonly repository: Repository;
  readonly digest: Digest;
}

/** Where to look for, and put, what is stored about an image of `repository`. */
export function subjectOf(context: ImageContext, repository: Repository, digest: Digest): Subject {
  return { repository: context.signaturePlace ?? repository, digest };
}
