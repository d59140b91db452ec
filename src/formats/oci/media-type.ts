/** Media types of manifests and of what cosign and Countersign store. */

export const mediaTypes = {
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  ociLayerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  ociEmpty: 'application/vnd.oci.empty.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerManifestList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  simpleSigning: 'application/vnd.dev.cosign.simplesigning.v1+json',
  dsseEnvelope: 'application/vnd.dsse.envelope.v1+json',
  bundleV03: 'application/vnd.dev.sigstore.bundle.v0.3+json',
} as const;

export const imageManifestTypes: readonly string[] = [mediaTypes.ociManifest, mediaTypes.dockerManifest];
export const imageIndexTypes: readonly string[] = [mediaTypes.ociIndex, mediaTypes.dockerManifestList];

/** The value of an Accept header that asks for any manifest. */
export const manifestAccept: string = [...imageManifestTypes, ...imageIndexTypes].join(', ');

/** A Content-Type without its parameters, in lower case. */
export function mediaTypeOf(contentType: string): string {
  return (contentType.split(';')[0] ?? '').trim().toLowerCase();
}
