/** Who an identity token says its bearer is, in the terms of the certificate profile. */

/** The one subject alternative name. @source sigstore/fulcio docs/certificate-specification.md */
export interface PrincipalName {
  /** `username` becomes an otherName 1.3.6.1.4.1.57264.1.7. */
  readonly kind: 'email' | 'uri' | 'username';
  readonly value: string;
}

export interface Principal {
  readonly name: PrincipalName;
  /** Last arc of 1.3.6.1.4.1.57264.1.N and its value, never empty; N = 1, 8 and 24 are always there. */
  readonly extensions: ReadonlyMap<number, string>;
  /** What clients may have signed to prove that they hold the key: the e-mail claim, `sub`, the name. */
  readonly proofSubjects: readonly string[];
  /** The issuer as configured, for logs and metrics. */
  readonly issuer: string;
  readonly issuerType: string;
}

/** Throws TOKEN_* with the reason: malformed, unknown issuer (names those configured), audience, expired, signature… */
export type IdentifyToken = (token: string) => Promise<Principal>;
