/** `countersign/verify`: judging signatures, pure. Nothing here opens a file or a socket: give it bytes and whom you trust,
 *  it gives back a verdict with every check it made. A policy names who may sign, whom to believe about logs and times, and
 *  what was signed; one that leaves a part out does not compile. */

export { CountersignError } from './base/errors.ts';
export type { ErrorCode } from './base/catalogue.ts';
export { parsePublicKey } from './crypto/public-key.ts';
export type { PublicKey } from './crypto/public-key.ts';
export { parseBundle } from './formats/bundle/bundle.ts';
export { attestationOfLayer } from './formats/cosign/attestation-layer.ts';
export { parseBlobBundle } from './formats/cosign/blob-bundle.ts';
export { signedEntityOfLayer } from './formats/cosign/signature-layer.ts';
export { digestOf, parseDigest } from './formats/oci/digest.ts';
export type { Digest } from './formats/oci/digest.ts';
export type { SignedEntity } from './formats/signed-entity.ts';
export { parseTrustedRoot } from './formats/trust/trusted-root.ts';
export type { TrustedRoot } from './formats/trust/trusted-root.ts';
export { fulcioExtensionsOf } from './formats/x509/fulcio-extensions.ts';
export { compilePattern } from './policy/pattern.ts';
export { verifyAttestation } from './verify/attestation-signature.ts';
export type { AttestationPolicy } from './verify/attestation-signature.ts';
export { verifyBlobSignature } from './verify/blob-signature.ts';
export type { Artifact, BlobPolicy } from './verify/blob-signature.ts';
export { verifyImageSignature } from './verify/image-signature.ts';
export type { ImagePolicy } from './verify/image-signature.ts';
export { exactly, keyPolicyOf } from './verify/policy.ts';
export type {
  ClaimsPolicy,
  Identity,
  LogPolicy,
  SignaturePolicy,
  SignerPolicy,
  TextMatcher,
  TimestampPolicy,
  TrustedKeys,
} from './verify/policy.ts';
export { trustMaterialOf } from './verify/root-material.ts';
export { checkThreshold } from './verify/threshold.ts';
export { noTrustMaterial } from './verify/trust-material.ts';
export type { TrustMaterial } from './verify/trust-material.ts';
export type {
  Check,
  Evidence,
  ProvenEntry,
  ProvenSigner,
  ProvenTime,
  SignedClaims,
  Verdict,
} from './verify/verdict.ts';
