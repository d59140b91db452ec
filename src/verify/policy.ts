/** What a caller trusts and asks for. Every member is required, and what is not checked is said by name: a call that
 *  forgets a check does not compile. */

import type { PublicKey } from '../crypto/public-key.ts';
import { noTrustMaterial } from './trust-material.ts';
import type { TrustMaterial } from './trust-material.ts';

/** At least one: with no key at all nothing could ever be wrong. */
export type TrustedKeys = readonly [PublicKey, ...PublicKey[]];

/** What a name in a certificate is compared with. Made by `exactly` or by the policy floor's patterns. */
export interface TextMatcher {
  /** For reports: `"dev@example.com"` or `/^https:.../ (anchored)`. */
  readonly description: string;
  readonly isMatch: (text: string) => boolean;
  /** The only text that matches, where there is one: near misses are told apart by it. */
  readonly exactText?: string;
}

/** Who may have signed: all members must match the one certificate. */
export interface Identity {
  /** Any subject alternative name of the certificate. */
  readonly subject: TextMatcher;
  /** The OIDC issuer that vouched for the subject. */
  readonly issuer: TextMatcher;
  /** By Fulcio extension: its name ("sourceRepositoryUri") or its OID. */
  readonly extensions: Readonly<Record<string, TextMatcher>>;
}

/** `by` is the flag that says so, for the report. */
export interface Ignored {
  readonly kind: 'ignored';
  readonly by: string;
}

/** Whether the certificate must prove that it was logged. */
export type SctPolicy = { readonly kind: 'required' } | Ignored;

export type SignerPolicy =
  | { readonly kind: 'keys'; readonly keys: TrustedKeys }
  | { readonly kind: 'identities'; readonly identities: readonly [Identity, ...Identity[]]; readonly sct: SctPolicy }
  /** Judges everything but who signed: for explanations, never for decisions. Satisfies no threshold. */
  | { readonly kind: 'unsafe-anyone' };

export type LogPolicy =
  /** By key alone: nothing says which logs to believe. */
  | { readonly kind: 'none-configured' }
  | Ignored
  /** Counts distinct logs. Entries of unknown logs do not count; one of a known log that is wrong rejects. */
  | { readonly kind: 'required'; readonly threshold: number };

export type TimestampPolicy =
  /** Timestamps that are there must be right. */
  | { readonly kind: 'if-present' }
  /** Counts distinct authorities. */
  | { readonly kind: 'required'; readonly threshold: number };

/** What makes a signature good, whatever it covers. */
export interface SignaturePolicy {
  readonly signer: SignerPolicy;
  readonly trust: TrustMaterial;
  readonly log: LogPolicy;
  readonly timestamps: TimestampPolicy;
  /** This machine's clock: used for a certificate only where the log is ignored and no timestamp is there, and to refuse
   *  times in the future. */
  readonly now: Date;
  /** Goes on after a step has failed, for explanations. The verdict is the same. */
  readonly isExhaustive?: boolean;
}

export type ClaimsPolicy =
  | {
      readonly kind: 'check';
      /** Each must have been signed with this value; others may be there. */
      readonly annotations: Readonly<Record<string, string>>;
      /** When given, the signed docker-reference must be this repository, with or without a tag. */
      readonly dockerReference?: string;
    }
  /** The signature is checked, what it says is not. Satisfies no threshold. */
  | { readonly kind: 'unchecked' };

/** Trusts keys alone: no log, no timestamps, so that nothing depends on the time. */
export function keyPolicyOf(keys: TrustedKeys): SignaturePolicy {
  return {
    signer: { kind: 'keys', keys },
    trust: noTrustMaterial,
    log: { kind: 'none-configured' },
    timestamps: { kind: 'if-present' },
    now: new Date(0),
  };
}

/** Matches this text and no other. */
export function exactly(text: string): TextMatcher {
  return { description: JSON.stringify(text), isMatch: (other) => other === text, exactText: text };
}
