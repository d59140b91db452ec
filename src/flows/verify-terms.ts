/** On which terms an image counts as verified. */

import { UsageError } from '../base/errors.ts';
import { repositoryNameOf } from '../formats/oci/reference.ts';
import type { ImagePolicy } from '../verify/image-signature.ts';
import type { ClaimsPolicy, SignaturePolicy } from '../verify/policy.ts';
import type { NamedImage } from './verify-report.ts';

/** What signatures must claim. Only checked claims can count towards a threshold. */
export type ClaimsTerms =
  | {
      readonly kind: 'check';
      readonly annotations: Readonly<Record<string, string>>;
      /** The signed docker-reference must be the image's repository. */
      readonly isReferenceMatched: boolean;
      /** Distinct signers that must have signed; 1 unless asked for more. */
      readonly threshold: number;
    }
  /** `--check-claims=false`. */
  | { readonly kind: 'unchecked' };

export interface VerifyTerms {
  readonly signature: SignaturePolicy;
  readonly claims: ClaimsTerms;
  /** The image and, when it is an index, every child. */
  readonly isRecursive: boolean;
  /** `--signature` and `--payload`: judged instead of what the registry holds. Without a payload the implied one. */
  readonly detached?: DetachedSignature;
}

export interface DetachedSignature {
  /** Raw bytes, already out of base64. */
  readonly signature: Uint8Array;
  /** DER, leaf first. None: made with a key. */
  readonly certificates?: readonly Uint8Array[];
  readonly payload?: Uint8Array;
}

/** Throws THRESHOLD_INVALID when no signatures could ever meet the terms. */
export function requirePossibleTerms({ claims, signature: { signer } }: VerifyTerms): void {
  if (claims.kind === 'unchecked') {
    return;
  }
  // One pattern can match any number of identities.
  const distinct =
    signer.kind === 'keys' ? new Set(signer.keys.map((key) => key.fingerprint)).size : Number.POSITIVE_INFINITY;
  if (!Number.isSafeInteger(claims.threshold) || claims.threshold < 1 || claims.threshold > distinct) {
    throw new UsageError(
      'THRESHOLD_INVALID',
      `a threshold of ${claims.threshold} with ${distinct} different keys: it lies between 1 and the number of keys`,
    );
  }
}

/** The terms for one signature of one image. */
export function policyOf({ signature, claims }: VerifyTerms, { reference, digest }: NamedImage): ImagePolicy {
  return { ...signature, digest, claims: claimsPolicyOf(claims, repositoryNameOf(reference.repository)) };
}

function claimsPolicyOf(claims: ClaimsTerms, repositoryName: string): ClaimsPolicy {
  if (claims.kind === 'unchecked') {
    return claims;
  }
  const { annotations, isReferenceMatched } = claims;
  return isReferenceMatched
    ? { kind: 'check', annotations, dockerReference: repositoryName }
    : { kind: 'check', annotations };
}
