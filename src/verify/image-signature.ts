/** Decides whether to believe one signature about one image. Pure: whatever it needs is in the entity and the policy.
 *  Each entity is judged alone; nothing of one ever counts for another. */

import { preAuthEncodingOf } from '../formats/dsse/envelope.ts';
import type { Digest } from '../formats/oci/digest.ts';
import type { SignedContent, SignedEntity } from '../formats/signed-entity.ts';
import type { ClaimsPolicy, SignaturePolicy } from './policy.ts';
import { evidenceOf, isDecisive, verdictOf } from './shared-steps.ts';
import { checkClaims, readClaims } from './signed-claims.ts';
import { proveSignature } from './steps.ts';
import type { Verdict } from './verdict.ts';

export interface ImagePolicy extends SignaturePolicy {
  /** The image, resolved by the caller. */
  readonly digest: Digest;
  readonly claims: ClaimsPolicy;
}

/** Steps in the report: `content`, those of `proveSignature`, `claims.type`, `claims.digest`, `claims.annotations`,
 *  `claims.reference` (or `claims`, skipped). Stops after the step that fails, except that all claims are told. */
export async function verifyImageSignature(entity: SignedEntity, policy: ImagePolicy): Promise<Verdict> {
  // 1. What is signed must be an image signature at all: an attestation by the right key is not one.
  const { check: content, claims } = readClaims(entity.content, policy.digest);
  if (claims === undefined) {
    return verdictOf([content], undefined);
  }

  // 2. Who signed, and when.
  const proof = await proveSignature(entity, { kind: 'bytes', bytes: signedBytesOf(entity.content) }, policy);
  if (policy.isExhaustive !== true && proof.checks.some(isDecisive)) {
    return verdictOf([content, ...proof.checks], undefined, proof);
  }

  // 3. Only now is what the payload says worth reading: it must be about this image.
  const checks = [content, ...proof.checks, ...checkClaims(claims, policy.digest, policy.claims)];
  return verdictOf(checks, evidenceOf(proof, claims, policy.claims.kind === 'check'), proof);
}

function signedBytesOf(content: SignedContent): Uint8Array {
  if (content.kind === 'message') {
    throw new TypeError('a message signature has no bytes of its own');
  }
  return content.kind === 'dsse' ? preAuthEncodingOf(content.payloadType, content.payload) : content.payload;
}
