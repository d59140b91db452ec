/** The image that holds an image's signatures, one layer each, byte for byte as cosign writes it.
 *  @source sigstore/cosign specs/SIGNATURE_SPEC.md; go-containerregistry pkg/v1 (order of members) */

import { rfc3339Of } from '../../base/time.ts';
import { encodeGoJson, goMapOf } from '../go-json.ts';
import type { GoJson } from '../go-json.ts';
import { digestOf } from '../oci/digest.ts';
import type { Digest } from '../oci/digest.ts';
import type { Annotations, Descriptor } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-type.ts';

export interface SignatureManifestOptions {
  /** `docker` is what COSIGN_DOCKER_MEDIA_TYPES asks for, for registries that refuse OCI types. */
  readonly mediaTypes: 'oci' | 'docker';
  /** What `--record-creation-timestamp` asks for. When absent, the year 1: equal signatures make equal manifests. */
  readonly created?: Date;
  readonly annotations?: Annotations;
}

export interface EncodedSignatureManifest {
  readonly config: Uint8Array;
  readonly manifest: Uint8Array;
  readonly mediaType: string;
  readonly digest: Digest;
}

const NO_TIME = '0001-01-01T00:00:00Z';
const TYPES = {
  oci: { manifest: mediaTypes.ociManifest, config: mediaTypes.ociConfig },
  docker: { manifest: mediaTypes.dockerManifest, config: mediaTypes.dockerConfig },
} as const;

export function encodeSignatureManifest(
  layers: readonly Descriptor[],
  options: SignatureManifestOptions,
): EncodedSignatureManifest {
  const types = TYPES[options.mediaTypes];
  const config = encodeGoJson({
    architecture: '',
    created: options.created === undefined ? NO_TIME : rfc3339Of(options.created),
    history: layers.map(() => ({ created: NO_TIME })),
    os: '',
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.digest) },
    config: {},
  });
  const manifest = encodeGoJson({
    schemaVersion: 2,
    mediaType: types.manifest,
    config: { mediaType: types.config, size: config.length, digest: digestOf(config) },
    layers: layers.map(layerJsonOf),
    annotations: options.annotations === undefined ? undefined : goMapOf(options.annotations),
  });
  return { config, manifest, mediaType: types.manifest, digest: digestOf(manifest) };
}

function layerJsonOf({ mediaType, size, digest, annotations }: Descriptor): GoJson {
  return { mediaType, size, digest, annotations: annotations === undefined ? undefined : goMapOf(annotations) };
}
