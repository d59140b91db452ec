/** A registry as signers see it that write at the same time. Debian's registry keeps tags and links in files that it does
 *  not replace atomically: whoever reads one while another writes it is answered 500, or 400 DIGEST_INVALID when the file
 *  was to prove that a blob is there. A moment later the same request is answered well. */

import { RemoteError } from '../base/errors.ts';
import type { Runtime } from '../base/runtime.ts';
import type { RegistryClient } from '../clients/registry/registry-client.ts';

export type PatientWorld = Pick<Runtime, 'sleep' | 'random'>;

const TRIES = 8;
const PAUSE_MS = 15;

/** The same client, asking again what can be asked again without harm: everything but a write under a tag. */
export function patientRegistryOf(registry: RegistryClient, world: PatientWorld): RegistryClient {
  return {
    ...registry,
    fetchManifest: (repository, tagOrDigest) => patiently(world, () => registry.fetchManifest(repository, tagOrDigest)),
    fetchReferrers: (repository, subject) => patiently(world, () => registry.fetchReferrers(repository, subject)),
    fetchBlob: (repository, blob, maxBytes) => patiently(world, () => registry.fetchBlob(repository, blob, maxBytes)),
    listTags: (repository, prefix) => patiently(world, () => registry.listTags(repository, prefix)),
    putBlob: (repository, bytes) => patiently(world, () => registry.putBlob(repository, bytes)),
    putManifest: (repository, tag, bytes, mediaType) => {
      const put = (): ReturnType<typeof registry.putManifest> =>
        registry.putManifest(repository, tag, bytes, mediaType);
      return tag === undefined ? patiently(world, put) : put();
    },
    deleteTag: (repository, tag, digest) => patiently(world, () => registry.deleteTag(repository, tag, digest)),
  };
}

/** Runs it until it is answered by anything but such a stumble, a few times; under half a second in all. */
export async function patiently<T>(world: PatientWorld, run: () => Promise<T>): Promise<T> {
  for (let round = 1; ; round += 1) {
    try {
      return await run();
    } catch (error) {
      if (round === TRIES || !isStumble(error)) {
        throw error;
      }
      await world.sleep(PAUSE_MS * round * (0.5 + (world.random(1)[0] ?? 0) / 256));
    }
  }
}

function isStumble(error: unknown): boolean {
  return (
    error instanceof RemoteError &&
    (error.status === 500 || (error.status === 400 && error.message.includes('DIGEST_INVALID')))
  );
}
