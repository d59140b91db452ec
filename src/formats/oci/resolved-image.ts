/** An image whose name was resolved once: what follows uses the digest and these bytes, never the tag again. */

import type { Digest } from './digest.ts';
import type { Descriptor, Manifest } from './manifest.ts';
import type { Reference } from './reference.ts';

export interface ResolvedImage {
  /** As asked for: with the tag when one was given. */
  readonly reference: Reference;
  readonly digest: Digest;
  readonly manifest: Manifest;
  /** The manifest's bytes, which hash to `digest`. */
  readonly bytes: Uint8Array;
}

/** The descriptor under which others refer to the image (a referrer's `subject`). */
export function descriptorOf(image: ResolvedImage): Descriptor {
  return { mediaType: image.manifest.mediaType, digest: image.digest, size: image.bytes.length };
}
