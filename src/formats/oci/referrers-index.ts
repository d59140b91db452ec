/** The index under an image's fallback tag, which lists its referrers where a registry does not.
 *  @source OCI distribution-spec, section Referrers Tag Schema */

import { utf8Of } from '../../base/bytes.ts';
import type { Descriptor } from './manifest.ts';
import { mediaTypes } from './media-type.ts';

/** The index of these descriptors, each digest once, in the order of their digests: equal lists give equal bytes. */
export function encodeReferrersIndex(descriptors: readonly Descriptor[]): Uint8Array {
  const byDigest = new Map(descriptors.map((descriptor) => [descriptor.digest, descriptor]));
  const manifests = [...byDigest.values()].toSorted((a, b) => (a.digest < b.digest ? -1 : 1)).map(jsonOf);
  return utf8Of(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }));
}

function jsonOf({ mediaType, size, digest, artifactType, annotations, platform }: Descriptor): object {
  return { mediaType, size, digest, artifactType, annotations, platform };
}
