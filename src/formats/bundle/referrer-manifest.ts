/** The manifest by which a bundle refers to its image.
 *  @source sigstore/cosign specs/BUNDLE_SPEC.md; OCI image-spec manifest.md, "Guidelines for Artifact Usage" */

import { utf8Of } from '../../base/bytes.ts';
import { rfc3339Of } from '../../base/time.ts';
import { encodeGoJson, goMapOf } from '../go-json.ts';
import { digestOf } from '../oci/digest.ts';
import type { Digest } from '../oci/digest.ts';
import type { Descriptor } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-type.ts';

export interface ReferrerRequest {
  readonly bundle: Uint8Array;
  readonly predicateType: string;
  /** The image, as its registry names it. */
  readonly subject: Descriptor;
  readonly created: Date;
}

export interface EncodedReferrer {
  /** Blob to upload besides the bundle. */
  readonly config: Uint8Array;
  readonly manifest: Uint8Array;
  readonly mediaType: string;
  readonly digest: Digest;
  /** How the fallback index lists it: with the artifact type that readers look for. */
  readonly descriptor: Descriptor;
}

/** The manifest byte for byte as cosign 3 writes it. The artifact type in the config's descriptor is what `cosign clean`
 *  looks at; the one that registries index is the manifest's own. */
export function encodeReferrer(request: ReferrerRequest): EncodedReferrer {
  const config = utf8Of('{}');
  const annotations = {
    'dev.sigstore.bundle.content': 'dsse-envelope',
    'dev.sigstore.bundle.predicateType': request.predicateType,
    'org.opencontainers.image.created': rfc3339Of(request.created),
  };
  const { mediaType, size, digest } = request.subject;
  const manifest = encodeGoJson({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: {
      mediaType: mediaTypes.ociEmpty,
      size: config.length,
      digest: digestOf(config),
      artifactType: mediaTypes.bundleV03,
    },
    layers: [{ mediaType: mediaTypes.bundleV03, size: request.bundle.length, digest: digestOf(request.bundle) }],
    annotations: goMapOf(annotations),
    subject: { mediaType, size, digest },
    artifactType: mediaTypes.bundleV03,
  });
  const self = { mediaType: mediaTypes.ociManifest, digest: digestOf(manifest), size: manifest.length };
  return {
    config,
    manifest,
    mediaType: mediaTypes.ociManifest,
    digest: self.digest,
    descriptor: { ...self, artifactType: mediaTypes.bundleV03, annotations },
  };
}
