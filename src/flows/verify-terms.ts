/** On which terms an image counts as verified. */

import { UsageError } from '../base/errors.ts';
import { repositoryNameOf } from '../formats/oci/reference.ts';
import type { ImagePolicy } from '../verify/image-signature.ts';
import type { ClaimsPolicy, LogPolicy, TrustedKeys } from '../verify/policy.ts';
import type { NamedImage } from './verify-report.ts';

/** What signatures must claim. Only checked claims can count towards a threshold. */
export type ClaimsTerms =
  | {
      readonly kind: 'check';
      readonly annotations: Readonly<Record<string, string>>;
      /** The signed docker-reference must be the image's repository. */
      readonly isReferenceMatched: boolean;
      /** Distinct keys that must have signed; 1 unless asked for more. */
      readonly threshold: number;
    }
  /** `--check-claims=false`. */
  | { readonly kind: 'unchecked' };

export interface VerifyTerms {
  readonly keys: TrustedKeys;
  readonly claims: ClaimsTerms;
  readonly log: LogPolicy;
  /** The image and, when it is an index, every child. */
  readonly isRecursive: boolean;
  /** `--signature` and `--payload`: judged instead of what the registry holds. Without a payload the implied one. */
  readonly detached?: DetachedSignature;
}

export interface DetachedSignature {
  /** Raw bytes, already out of base64. */
  readonly signature: Uint8Array;
  readonly payload?: Uint8Array;
}

/** Throws THRESHOLD_INVALID when no signatures could ever meet the terms. */
export function requirePossibleTerms({ claims, keys }: VerifyTerms): void {
  if (claims.kind === 'unchecked') {
    return;
  }
  const distinct = new Set(keys.map((key) => key.fingerprint)).size;
  if (!Number.isSafeInteger(claims.threshold) || claims.threshold < 1 || claims.threshold > distinct) {
    throw new UsageError(
      'THRESHOLD_INVALID',
      `a threshold of ${claims.threshold} with ${distinct} different keys: it lies between 1 and the number of keys`,
    );
  }
}

/** The terms for one signature of one image. */
export function policyOf({ keys, claims, log }: VerifyTerms, { reference, digest }: NamedImage): ImagePolicy {
  return { digest, keys, log, claims: claimsPolicyOf(claims, repositoryNameOf(reference.repository)) };
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
