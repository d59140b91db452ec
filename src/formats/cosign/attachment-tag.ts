/** The tags under which cosign attaches things to an image. @source sigstore/cosign specs/SIGNATURE_SPEC.md, "Storage" */

import { digestAlgorithmOf, digestHexOf } from '../oci/digest.ts';
import type { Digest } from '../oci/digest.ts';

export type AttachmentKind = 'sig' | 'att' | 'sbom';

/** "sha256-<hex>.sig", with the tag prefix before it when one is set. */
export function attachmentTagOf(digest: Digest, kind: AttachmentKind, prefix = ''): string {
  return `${prefix}${digestAlgorithmOf(digest)}-${digestHexOf(digest)}.${kind}`;
}
