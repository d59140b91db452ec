/** What a caller trusts and asks for. Every member is required, and what is not checked is said by name: a call that
 *  forgets a check does not compile. */

import type { PublicKey } from '../crypto/public-key.ts';

/** At least one: with no key at all nothing could ever be wrong. */
export type TrustedKeys = readonly [PublicKey, ...PublicKey[]];

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

export type LogPolicy =
  | { readonly kind: 'none-configured' }
  /** `by` is the flag that says so, for the report: "--insecure-ignore-tlog". */
  | { readonly kind: 'ignored'; readonly by: string }
  | { readonly kind: 'required' };
