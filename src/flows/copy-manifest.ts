/** Copies manifests with their blobs from one repository to another. */

import { InputError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { mapPool } from '../base/pool.ts';
import type { FetchedManifest, RegistryClient, TransferProgress } from '../clients/registry/registry-client.ts';
import type { Descriptor } from '../formats/oci/manifest.ts';
import { repositoryNameOf } from '../formats/oci/reference.ts';
import type { Repository } from '../formats/oci/reference.ts';

export interface CopiedManifest {
  readonly kind: 'image' | 'attachment' | 'referrer';
  /** Full name at the destination, with digest or tag. */
  readonly name: string;
  readonly wasThere: boolean;
}

export interface Transfer {
  readonly registry: RegistryClient;
  readonly from: Repository;
  readonly to: Repository;
  readonly progress: TransferProgress;
  /** Grows as manifests arrive. */
  readonly copied: CopiedManifest[];
}

/** Blobs under way at once. */
const BLOBS_IN_FLIGHT = 4;

/** Layers that live elsewhere by their own word; registries do not hold them. */
const FOREIGN = /\.foreign\.|\.nondistributable\./;

/** A manifest and, when it is an index, all that it names, children before parents, each once.
 *  Throws INDEX_OVER_CAP, IMAGE_NOT_FOUND. */
export async function readManifestTree(
  transfer: Pick<Transfer, 'registry' | 'from'>,
  root: FetchedManifest,
): Promise<readonly FetchedManifest[]> {
  const found = new Map<string, FetchedManifest>();
  await collect(transfer, root, found, 0);
  return [...found.values()];
}

/** In order. One that is at the destination is taken to be there with all its blobs: registries refuse it otherwise. */
export async function copyManifests(
  transfer: Transfer,
  manifests: readonly FetchedManifest[],
  kind: CopiedManifest['kind'],
): Promise<void> {
  const { registry, to, copied } = transfer;
  for (const { digest, bytes, manifest } of manifests) {
    const wasThere = (await registry.fetchManifest(to, digest)) !== undefined;
    if (!wasThere) {
      await copyBlobs(transfer, manifest.kind === 'image' ? [manifest.config, ...manifest.layers] : []);
      await registry.putManifest(to, undefined, bytes, manifest.mediaType);
    }
    copied.push({ kind, name: `${repositoryNameOf(to)}@${digest}`, wasThere });
  }
}

/** Each blob once; foreign layers are left where they are. */
export async function copyBlobs(
  { registry, from, to, progress }: Transfer,
  blobs: readonly Descriptor[],
): Promise<void> {
  const wanted = new Map(blobs.filter(({ mediaType }) => !FOREIGN.test(mediaType)).map((blob) => [blob.digest, blob]));
  await mapPool([...wanted.values()], BLOBS_IN_FLIGHT, (blob) => registry.copyBlob(from, to, blob, progress));
}

async function collect(
  transfer: Pick<Transfer, 'registry' | 'from'>,
  fetched: FetchedManifest,
  found: Map<string, FetchedManifest>,
  depth: number,
): Promise<void> {
  const { manifest, digest } = fetched;
  if (manifest.kind === 'index') {
    if (depth >= limits.indexDepth || found.size + manifest.manifests.length > limits.indexChildren) {
      throw new InputError(
        'INDEX_OVER_CAP',
        `${repositoryNameOf(transfer.from)}@${digest}: more than ${limits.indexChildren} images or ${limits.indexDepth} levels`,
      );
    }
    // Each once: an index may name the same index a thousand times, and that one again, which makes a thousand millions.
    const wanted = [...new Set(manifest.manifests.map((child) => child.digest))].filter((each) => !found.has(each));
    const children = await mapPool(wanted, BLOBS_IN_FLIGHT, (child) =>
      transfer.registry.fetchImage({ repository: transfer.from, digest: child }),
    );
    for (const child of children.filter((each) => !found.has(each.digest))) {
      await collect(transfer, child, found, depth + 1);
    }
  }
  found.set(digest, fetched);
}
