/** Verifies a bundle whatever it covers: a file itself, or a statement of which the file is a subject. */

import { parseBundle } from '../formats/bundle/bundle.ts';
import { digestAlgorithmOf, digestHexOf } from '../formats/oci/digest.ts';

import { verifyAttestation } from '../verify/attestation-signature.ts';
import type { ArtifactDigest } from '../verify/attestation-signature.ts';
import type { SignaturePolicy } from '../verify/policy.ts';
import { digestsOfStream } from './artifact-digests.ts';
import { reading } from './given-file.ts';
import { verifyBlobEntity } from './verify-blob.ts';
import type { BlobArtifact, BlobReport } from './verify-blob.ts';

export interface VerifyBundleRequest {
  readonly signature: SignaturePolicy;
  readonly artifact: BlobArtifact;
  readonly bundle: Uint8Array;
  /** For the report. */
  readonly name: string;
}

/** Judges the bundle; a statement may be of any type. Throws what `parseBundle`, `verifyBlob` and the stream throw. */
export async function verifyBundle(request: VerifyBundleRequest): Promise<BlobReport> {
  const { bundle, name } = request;
  const entity = reading({ name, bytes: bundle }, (bytes) => parseBundle(bytes, name));
  if (entity.content.kind === 'message') {
    return verifyBlobEntity(entity, request.artifact, request.signature);
  }
  const verdict = await verifyAttestation(entity, {
    ...request.signature,
    predicateType: { kind: 'any' },
    subject: { kind: 'digests', digests: await digestsOf(request.artifact) },
  });
  return { entity, verdict };
}

async function digestsOf(artifact: BlobArtifact): Promise<readonly [ArtifactDigest, ...ArtifactDigest[]]> {
  if (artifact.kind === 'digest') {
    return [{ hash: digestAlgorithmOf(artifact.digest), hex: digestHexOf(artifact.digest) }];
  }
  return digestsOfStream(artifact.chunks);
}
