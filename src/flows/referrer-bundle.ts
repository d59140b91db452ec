/** Reads one referrer of an image: is it a bundle about this image, and what does it say it holds? */

import { CountersignError, InputError, RemoteError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { parseBundle } from '../formats/bundle/bundle.ts';
import { isBundleMediaType } from '../formats/bundle/media-type.ts';
import { IN_TOTO_PAYLOAD_TYPE, parseStatement } from '../formats/intoto/statement.ts';
import type { Digest } from '../formats/oci/digest.ts';
import { artifactTypeOf } from '../formats/oci/manifest.ts';
import type { ImageManifest } from '../formats/oci/manifest.ts';
import type { SignedEntity } from '../formats/signed-entity.ts';
import type { ImageContext, Subject } from './image-context.ts';

export type ReferrerAnswer =
  | {
      readonly kind: 'bundle';
      readonly entity: SignedEntity;
      readonly bytes: Uint8Array;
      /** That its statement names; undefined when there is no statement to read. */
      readonly predicateType: string | undefined;
    }
  /** An SBOM of another tool, something about another image. */
  | { readonly kind: 'other'; readonly why: string };

/** Fetches manifest and bundle. The list that named the referrer is a hint only: `subject` decides what it is about, and
 *  the bundle's content what it is. Throws what RegistryClient and the parsers throw. */
export async function readReferrer(
  { registry }: ImageContext,
  subject: Subject,
  digest: Digest,
): Promise<ReferrerAnswer> {
  const fetched = await registry.fetchManifest(subject.repository, digest);
  if (fetched === undefined) {
    throw new RemoteError('REFERRER_MISSING', `referrer ${digest} is listed, but the registry does not have it`);
  }
  const { manifest } = fetched;
  if (manifest.subject?.digest !== subject.digest) {
    return { kind: 'other', why: `is about ${manifest.subject?.digest ?? 'nothing'}, not about this image` };
  }
  if (manifest.kind === 'index' || !hasBundle(manifest)) {
    return { kind: 'other', why: `holds no sigstore bundle (${artifactTypeOf(manifest) ?? 'no artifact type'})` };
  }
  const [layer, ...more] = manifest.layers;
  if (layer === undefined || more.length > 0) {
    throw new InputError(
      'BUNDLE_MALFORMED',
      `referrer ${digest}: a bundle artifact has one layer, this has ${manifest.layers.length}`,
    );
  }
  const bytes = await registry.fetchBlob(subject.repository, layer, limits.bundleBytes);
  const entity = parseBundle(bytes, `referrer ${digest}`);
  return { kind: 'bundle', entity, bytes, predicateType: predicateTypeOf(entity) };
}

function hasBundle(manifest: ImageManifest): boolean {
  return manifest.layers.some((layer) => isBundleMediaType(layer.mediaType));
}

function predicateTypeOf({ content }: SignedEntity): string | undefined {
  if (content.kind !== 'dsse' || content.payloadType !== IN_TOTO_PAYLOAD_TYPE) {
    return undefined;
  }
  try {
    return parseStatement(content.payload).predicateType;
  } catch (error) {
    if (error instanceof CountersignError) {
      return undefined;
    }
    throw error;
  }
}
