/** Image manifests and indexes, OCI and Docker.
 *  @source OCI image-spec manifest.md, image-index.md, descriptor.md; Docker image manifest v2 schema 2 */

import {
  decodeArray,
  decodeCount,
  decodeDocument,
  decodeLiteral,
  decodeMap,
  decodeObject,
  decodeString,
  optional,
} from '../../base/decode.ts';
import type { Decoder } from '../../base/decode.ts';
import { InputError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import { parseDigest } from './digest.ts';
import type { Digest } from './digest.ts';
import { imageIndexTypes, imageManifestTypes, mediaTypeOf } from './media-type.ts';

export type Annotations = Readonly<Record<string, string>>;

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Annotations;
  readonly platform?: Platform;
}

export interface ImageManifest {
  readonly kind: 'image';
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Annotations;
}

export interface ImageIndex {
  readonly kind: 'index';
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly manifests: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Annotations;
}

export type Manifest = ImageManifest | ImageIndex;

const decodeDigest: Decoder<Digest> = (value, path) => parseDigest(decodeString(value, path));
const annotations = optional(decodeMap(decodeString));

export const decodeDescriptor: Decoder<Descriptor> = decodeObject({
  mediaType: decodeString,
  digest: decodeDigest,
  size: decodeCount,
  artifactType: optional(decodeString),
  annotations,
  platform: optional(decodeObject({ os: decodeString, architecture: decodeString, variant: optional(decodeString) })),
});

const shared = {
  schemaVersion: decodeLiteral(2),
  mediaType: optional(decodeString),
  artifactType: optional(decodeString),
  subject: optional(decodeDescriptor),
  annotations,
};
const decodeImage = decodeObject({ ...shared, config: decodeDescriptor, layers: decodeArray(decodeDescriptor) });
// Go writes an empty list as null.
const decodeIndex = decodeObject({ ...shared, manifests: optional(decodeArray(decodeDescriptor)) });

/** Reads a manifest or index. The media type named outside (header, descriptor), the one in the body and the structure
 *  must agree: a document that is an image to one reader and an index to another is an attack (GHSA-77vh-xpmg-72qh).
 *  Throws INPUT_TOO_LARGE, JSON_MALFORMED, JSON_SHAPE, MANIFEST_TYPE_MISMATCH, MANIFEST_UNSUPPORTED. */
export function parseManifest(bytes: Uint8Array, contentType: string | undefined): Manifest {
  const document = parseJson(bytes, { what: 'image manifest', maxBytes: limits.manifestBytes });
  const isObject = typeof document === 'object' && document !== null && !Array.isArray(document);
  const has = (name: string): boolean => isObject && Object.hasOwn(document, name);
  const outside = contentType === undefined ? undefined : mediaTypeOf(contentType);
  requireOneReading(isObject ? Object.keys(document) : []);
  if (has('manifests')) {
    const { schemaVersion: _, ...index } = decodeDocument(document, decodeIndex, 'image index');
    return {
      kind: 'index',
      ...index,
      manifests: index.manifests ?? [],
      mediaType: agreedTypeOf(outside, index.mediaType, imageIndexTypes, 'an index'),
    };
  }
  const { schemaVersion: _, ...image } = decodeDocument(document, decodeImage, 'image manifest');
  return {
    kind: 'image',
    ...image,
    mediaType: agreedTypeOf(outside, image.mediaType, imageManifestTypes, 'an image manifest'),
  };
}

/** What a referrer is listed as: the config's type stands in for a missing artifact type.
 *  @source OCI distribution-spec, section Listing Referrers */
export function artifactTypeOf(manifest: Manifest): string | undefined {
  return manifest.artifactType ?? (manifest.kind === 'image' ? manifest.config.mediaType : undefined);
}

const IMAGE_ONLY: ReadonlySet<string> = new Set(['config', 'layers', 'fsLayers']);
/** By what they become without regard to case. */
const DECISIVE = new Map(
  [...IMAGE_ONLY, 'manifests', 'mediaType', 'schemaVersion', 'subject'].map((name) => [name.toLowerCase(), name]),
);

/** Refuses members of both structures, and names that only Go, which does not regard case, takes for decisive ones. */
function requireOneReading(names: readonly string[]): void {
  const other = names.includes('manifests') ? names.find((name) => IMAGE_ONLY.has(name)) : undefined;
  if (other !== undefined) {
    throw new InputError('MANIFEST_TYPE_MISMATCH', `the manifest holds both ${other} and manifests`);
  }
  // By way of capitals: the long s becomes an s, the sign of Kelvin a k.
  const lookalike = names.find((name) => (DECISIVE.get(name.toUpperCase().toLowerCase()) ?? name) !== name);
  if (lookalike !== undefined) {
    throw new InputError(
      'MANIFEST_TYPE_MISMATCH',
      `the manifest has a member ${JSON.stringify(lookalike)}, which some readers take for another`,
    );
  }
}

function agreedTypeOf(
  outside: string | undefined,
  inside: string | undefined,
  allowed: readonly string[],
  structure: string,
): string {
  const mediaType = outside ?? inside;
  if (mediaType === undefined || !allowed.includes(mediaType) || (inside !== undefined && inside !== mediaType)) {
    const seen = `named ${outside ?? 'nothing'} outside and ${inside ?? 'nothing'} inside`;
    throw new InputError('MANIFEST_TYPE_MISMATCH', `the manifest has the structure of ${structure} but is ${seen}`);
  }
  return mediaType;
}
