/** `countersign/verify`: judging signatures, pure. Nothing here opens a file or a socket: give it bytes and keys, it gives
 *  back a verdict with every check it made. */

export { CountersignError } from './base/errors.ts';
export type { ErrorCode } from './base/catalogue.ts';
export { parsePublicKey } from './crypto/public-key.ts';
export type { PublicKey } from './crypto/public-key.ts';
export { parseBundle } from './formats/bundle/bundle.ts';
export { parseBlobBundle } from './formats/cosign/blob-bundle.ts';
export { signedEntityOfLayer } from './formats/cosign/signature-layer.ts';
export { digestOf, parseDigest } from './formats/oci/digest.ts';
export type { Digest } from './formats/oci/digest.ts';
export type { SignedEntity } from './formats/signed-entity.ts';
export { verifyBlobSignature } from './verify/blob-signature.ts';
export type { Artifact, BlobPolicy } from './verify/blob-signature.ts';
export { verifyImageSignature } from './verify/image-signature.ts';
export type { ImagePolicy } from './verify/image-signature.ts';
export type { ClaimsPolicy, LogPolicy, TrustedKeys } from './verify/policy.ts';
export { checkThreshold } from './verify/threshold.ts';
export type { Check, Evidence, SignedClaims, Verdict } from './verify/verdict.ts';
