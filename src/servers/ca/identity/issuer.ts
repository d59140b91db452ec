/** An issuer of identity tokens: as the file writes it, and as the authority uses it. */

import { decodeBoolean, decodeString, optional } from '../../../base/decode.ts';
import type { Decoder } from '../../../base/decode.ts';
import type { CiProvider } from './ci-provider.ts';
import { decodeMembers } from './configuration-members.ts';

/** What a token of an issuer may say, and what becomes of it. */
export type Naming =
  | {
      readonly kind: 'email';
      /** Members that lead to the claim which replaces the issuer in the certificate. */
      readonly issuerClaim: readonly string[] | undefined;
      readonly isVerificationSkipped: boolean;
    }
  /** `origin` is "https://example.com": scheme, host and port of every subject. */
  | { readonly kind: 'uri'; readonly origin: string }
  | { readonly kind: 'username'; readonly domain: string }
  | { readonly kind: 'spiffe'; readonly trustDomain: string }
  | { readonly kind: 'kubernetes' }
  | { readonly kind: 'chainguard' }
  | { readonly kind: 'ci'; readonly provider: CiProvider };

export interface Issuer {
  /** The one URL, or the pattern of a meta-issuer. */
  readonly url: string;
  /** Undefined for an issuer with one URL. */
  readonly pattern: RegExp | undefined;
  /** Whom a token must be meant for: `client-id`. */
  readonly audience: string;
  /** As the file names it: "email", "ci-provider". */
  readonly type: string;
  readonly naming: Naming;
  /** Which claim clients are told to sign. */
  readonly challengeClaim: 'email' | 'sub';
  /** Authorities of the issuer's own TLS certificate, PEM. */
  readonly caPem: string | undefined;
}

/** One issuer as the file writes it. */
export interface IssuerSource {
  readonly 'issuer-url'?: string;
  readonly 'client-id': string;
  readonly type: string;
  readonly 'ci-provider'?: string;
  readonly 'issuer-claim'?: string;
  readonly 'subject-domain'?: string;
  readonly 'spiffe-trust-domain'?: string;
  readonly 'challenge-claim'?: string;
  readonly description?: string;
  readonly contact?: string;
  readonly environment?: string;
  readonly 'ca-cert'?: string;
  readonly 'skip-email-verification'?: boolean;
}

export const decodeIssuer: Decoder<IssuerSource> = decodeMembers({
  'issuer-url': optional(decodeString),
  'client-id': decodeString,
  type: decodeString,
  'ci-provider': optional(decodeString),
  'issuer-claim': optional(decodeString),
  'subject-domain': optional(decodeString),
  'spiffe-trust-domain': optional(decodeString),
  'challenge-claim': optional(decodeString),
  description: optional(decodeString),
  contact: optional(decodeString),
  environment: optional(decodeString),
  'ca-cert': optional(decodeString),
  'skip-email-verification': optional(decodeBoolean),
});
