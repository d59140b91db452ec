/** Versions of the Sigstore bundle and how they are spelled.
 *  @source sigstore/protobuf-specs protos/sigstore_bundle.proto, Bundle.media_type */

import { mediaTypes } from '../oci/media-type.ts';

export type BundleVersion = '0.1' | '0.2' | '0.3';

const VERSIONS: Readonly<Record<string, BundleVersion>> = {
  'application/vnd.dev.sigstore.bundle+json;version=0.1': '0.1',
  'application/vnd.dev.sigstore.bundle+json;version=0.2': '0.2',
  'application/vnd.dev.sigstore.bundle+json;version=0.3': '0.3',
  [mediaTypes.bundleV03]: '0.3',
};

/** Undefined for every other spelling. */
export function bundleVersionOf(mediaType: string): BundleVersion | undefined {
  return Object.hasOwn(VERSIONS, mediaType) ? VERSIONS[mediaType] : undefined;
}

/** Whether a layer or artifact type names a bundle of any version, known or not. */
export function isBundleMediaType(mediaType: string): boolean {
  return mediaType.startsWith('application/vnd.dev.sigstore.bundle');
}
