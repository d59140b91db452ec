/** Verifies an attestation about a file. */

import { parseBundle } from '../formats/bundle/bundle.ts';
import { isSigstoreBundle } from '../formats/bundle/generation.ts';
import { parseBareAttestation, parseBlobAttestation } from '../formats/cosign/attestation-layer.ts';
import type { SignedEntity } from '../formats/signed-entity.ts';
import { verifyAttestation } from '../verify/attestation-signature.ts';
import type { ArtifactDigest, PredicateTypePolicy, SubjectPolicy } from '../verify/attestation-signature.ts';
import type { SignaturePolicy } from '../verify/policy.ts';
import { digestsOfStream } from './artifact-digests.ts';
import type { BlobReport } from './verify-blob.ts';
import { reading } from './given-file.ts';

/** What must be attested: the file as a stream, only its digest, or anything (`--check-claims=false`). */
export type AttestedArtifact =
  | { readonly kind: 'stream'; readonly chunks: AsyncIterable<Uint8Array> }
  | { readonly kind: 'digest'; readonly digest: ArtifactDigest }
  | { readonly kind: 'unchecked' };

/** `--signature` (an envelope) or `--bundle` (either generation); the file's bytes. */
export type AttestationProof =
  | {
      readonly kind: 'envelope';
      readonly bytes: Uint8Array;
      /** `--certificate`: DER, leaf first. None: made with a key. */
      readonly certificates?: readonly Uint8Array[];
      /** `--rfc3161-timestamp`: DER. */
      readonly timestamps?: readonly Uint8Array[];
    }
  | { readonly kind: 'bundle'; readonly bytes: Uint8Array; readonly name: string };

export interface VerifyBlobAttestationRequest {
  readonly signature: SignaturePolicy;
  readonly type: PredicateTypePolicy;
  readonly artifact: AttestedArtifact;
  readonly proof: AttestationProof;
}

/** Judges the attestation; the file is read in constant memory. Throws when the bundle or envelope is not one
 *  (BUNDLE_MALFORMED, JSON_MALFORMED, …) and when the stream does. */
export async function verifyBlobAttestation(request: VerifyBlobAttestationRequest): Promise<BlobReport> {
  const { signature, type, artifact, proof } = request;
  const entity = entityOf(proof);
  const subject = await subjectOf(artifact);
  return { entity, verdict: await verifyAttestation(entity, { ...signature, predicateType: type, subject }) };
}

function entityOf(proof: AttestationProof): SignedEntity {
  if (proof.kind === 'envelope') {
    const { bytes, certificates, timestamps = [] } = proof;
    const entity = parseBareAttestation(bytes, 'the given envelope');
    return certificates === undefined
      ? { ...entity, timestamps }
      : { ...entity, timestamps, signer: { kind: 'certificate', chain: certificates } };
  }
  return reading(proof, (bytes) =>
    isSigstoreBundle(bytes) ? parseBundle(bytes, proof.name) : parseBlobAttestation(bytes, proof.name),
  );
}

async function subjectOf(artifact: AttestedArtifact): Promise<SubjectPolicy> {
  switch (artifact.kind) {
    case 'stream':
      return { kind: 'digests', digests: await digestsOfStream(artifact.chunks) };
    case 'digest':
      return { kind: 'digests', digests: [artifact.digest] };
    case 'unchecked':
      return artifact;
  }
}
