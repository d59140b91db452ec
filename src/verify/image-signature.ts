/** Decides whether to believe one signature about one image. Pure: whatever it needs is in the entity and the policy.
 *  Each entity is judged alone; nothing of one ever counts for another. */

import { verifySignature } from '../crypto/signature.ts';
import { preAuthEncodingOf } from '../formats/dsse/envelope.ts';
import type { Digest } from '../formats/oci/digest.ts';
import type { SignedContent, SignedEntity } from '../formats/signed-entity.ts';
import type { ClaimsPolicy, LogPolicy, TrustedKeys } from './policy.ts';
import { checkLog, checkSigner, findSigner, signatureCheckOf, verdictOf } from './shared-steps.ts';
import { checkClaims, readClaims } from './signed-claims.ts';
import type { Verdict } from './verdict.ts';

export interface ImagePolicy {
  /** The image, resolved by the caller. */
  readonly digest: Digest;
  readonly keys: TrustedKeys;
  readonly claims: ClaimsPolicy;
  readonly log: LogPolicy;
}

/** Steps in the report: `content`, `signer`, `signature`, `claims.type`, `claims.digest`, `claims.annotations`,
 *  `claims.reference` (or `claims`, skipped), `log`. Stops after the step that fails, except that all claims are told. */
export async function verifyImageSignature(entity: SignedEntity, policy: ImagePolicy): Promise<Verdict> {
  // 1. What is signed must be an image signature at all: an attestation by the right key is not one.
  const { check: content, claims } = readClaims(entity.content, policy.digest);
  if (claims === undefined) {
    return verdictOf([content], undefined);
  }

  // 2. Signers that a key cannot judge are refused by name, before the signature gives a less helpful answer.
  const signer = checkSigner(entity, policy.keys);
  if (signer.status === 'fail') {
    return verdictOf([content, signer], undefined);
  }

  // 3. The signature itself, by one of the caller's keys: never by a key or certificate that came with it.
  const message = signedBytesOf(entity.content);
  const signedBy = await findSigner(policy.keys, (key) => verifySignature(key, message, entity.signature));
  const signature = signatureCheckOf(signedBy, policy.keys);
  if (signedBy === undefined) {
    return verdictOf([content, signer, signature], undefined);
  }

  // 4. Only now is what the payload says worth reading: it must be about this image.
  // 5. The transparency log.
  const checks = [
    content,
    signer,
    signature,
    ...checkClaims(claims, policy.digest, policy.claims),
    checkLog(entity, policy.log),
  ];
  return verdictOf(checks, { ...signedBy, claims, isClaimsChecked: policy.claims.kind === 'check' });
}

function signedBytesOf(content: SignedContent): Uint8Array {
  if (content.kind === 'message') {
    throw new TypeError('a message signature has no bytes of its own');
  }
  return content.kind === 'dsse' ? preAuthEncodingOf(content.payloadType, content.payload) : content.payload;
}
