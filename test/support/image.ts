/** Small real images, as bytes, and a way to push them that does not go through our own client. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { registryRequest } from './registry-request.ts';
import type { RegistryAddress } from './registry-request.ts';

export interface Content {
  readonly mediaType: string;
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
  readonly bytes: Buffer;
}

export interface TestImage {
  readonly manifest: Content;
  readonly blobs: readonly Content[];
  readonly architecture: string;
}

export interface TestIndex {
  readonly index: Content;
  readonly images: readonly TestImage[];
}

/** An image of one layer that holds `/hello.txt`. The same text and architecture always give the same digests. */
export function buildImage(text: string, architecture = 'amd64'): TestImage {
  const tar = tarOf('hello.txt', Buffer.from(text));
  // Stored, not deflated: the bytes do not depend on the zlib at hand.
  const layer = contentOf('application/vnd.oci.image.layer.v1.tar+gzip', gzipSync(tar, { level: 0 }));
  const config = jsonContentOf('application/vnd.oci.image.config.v1+json', {
    created: '2020-01-01T00:00:00Z',
    architecture,
    os: 'linux',
    config: { Cmd: ['/hello.txt'] },
    rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
  });
  const manifest = jsonContentOf('application/vnd.oci.image.manifest.v1+json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptorOf(config),
    layers: [descriptorOf(layer)],
  });
  return { manifest, blobs: [config, layer], architecture };
}

/** An index over one image for amd64 and one for arm64. */
export function buildIndex(text: string): TestIndex {
  const images = ['amd64', 'arm64'].map((architecture) => buildImage(text, architecture));
  const index = jsonContentOf('application/vnd.oci.image.index.v1+json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: images.map(({ manifest, architecture }) => ({
      ...descriptorOf(manifest),
      platform: { architecture, os: 'linux' },
    })),
  });
  return { index, images };
}

/** Pushes an image and tags it; returns the manifest's digest. Throws an Error on any answer but success. */
export async function pushImage(
  registry: RegistryAddress,
  repository: string,
  tag: string,
  image: TestImage,
): Promise<string> {
  for (const blob of image.blobs) await pushBlob(registry, repository, blob);
  return pushManifest(registry, repository, tag, image.manifest);
}

/** Pushes an index with its images, which get no tags; returns the index's digest. */
export async function pushIndex(
  registry: RegistryAddress,
  repository: string,
  tag: string,
  { index, images }: TestIndex,
): Promise<string> {
  for (const image of images) await pushImage(registry, repository, image.manifest.digest, image);
  return pushManifest(registry, repository, tag, index);
}

/** Uploads a blob in one piece, in two requests. */
export async function pushBlob(registry: RegistryAddress, repository: string, blob: Content): Promise<void> {
  const begun = await registryRequest(registry, 'POST', `/v2/${repository}/blobs/uploads/`);
  requireStatus(begun.status, 202, `begin an upload to ${repository}`);
  const place = new URL(begun.headers.location ?? '', `${registry.scheme}://${registry.host}`);
  place.searchParams.set('digest', blob.digest);
  const done = await registryRequest(registry, 'PUT', place.href, {
    body: blob.bytes,
    headers: { 'content-type': 'application/octet-stream' },
  });
  requireStatus(done.status, 201, `upload ${blob.digest} to ${repository}`);
}

/** PUTs a manifest under a tag or digest; returns its digest. */
export async function pushManifest(
  registry: RegistryAddress,
  repository: string,
  reference: string,
  manifest: Content,
): Promise<string> {
  const put = await registryRequest(registry, 'PUT', `/v2/${repository}/manifests/${reference}`, {
    body: manifest.bytes,
    headers: { 'content-type': manifest.mediaType },
  });
  requireStatus(put.status, 201, `put ${repository} ${reference}`);
  return manifest.digest;
}

/** Bytes with their digest. */
export function contentOf(mediaType: string, bytes: Buffer): Content {
  return { mediaType, bytes, digest: digestOf(bytes) };
}

/** A JSON document with its digest. */
export function jsonContentOf(mediaType: string, value: unknown): Content {
  return contentOf(mediaType, Buffer.from(JSON.stringify(value)));
}

/** The OCI descriptor of some content. */
export function descriptorOf({ mediaType, digest, bytes }: Content): {
  mediaType: string;
  digest: string;
  size: number;
} {
  return { mediaType, digest, size: bytes.length };
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** A ustar archive of one file, owned by root, dated 1970. */
function tarOf(name: string, bytes: Buffer): Buffer {
  const header = Buffer.alloc(512);
  const octal = (value: number, width: number): string => `${value.toString(8).padStart(width - 1, '0')}\0`;
  header.write(name, 0);
  header.write(octal(0o644, 8) + octal(0, 8) + octal(0, 8) + octal(bytes.length, 12) + octal(0, 12), 100);
  // The checksum is taken with its own field as eight blanks.
  header.write(`${' '.repeat(8)}0`, 148);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const padding = Buffer.alloc((512 - (bytes.length % 512)) % 512);
  return Buffer.concat([header, bytes, padding, Buffer.alloc(1024)]);
}

function requireStatus(seen: number, wanted: number, what: string): void {
  if (seen !== wanted) throw new Error(`${what}: the registry answered ${seen}, wanted ${wanted}`);
}
