/** The state that the steps of verification pass on: what was asked, what was found, and every check so far. */

import type { HashName } from '../crypto/hash.ts';
import type { PublicKey } from '../crypto/public-key.ts';
import type { SignedEntity } from '../formats/signed-entity.ts';
import type { Certificate } from '../formats/x509/certificate.ts';
import type { SignaturePolicy } from './policy.ts';
import type { Check, Findings } from './verdict.ts';

/** The bytes that the signature covers, or hashes of them. */
export type SignedBytes =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'hashes'; readonly hashes: Partial<Readonly<Record<HashName, Uint8Array>>> };

export interface Proof extends Findings {
  readonly entity: SignedEntity;
  readonly policy: SignaturePolicy;
  readonly signed: SignedBytes;
  readonly checks: readonly Check[];
  /** The leaf, once read; nothing in it is trusted before the certificate step. */
  readonly certificate?: Certificate;
  /** The authority's certificate that issued it. Set by the certificate step. */
  readonly issuer?: Certificate;
  /** The key that verifies the signature (the user's, or the certificate's), and how it signed. */
  readonly signedBy?: { readonly key: PublicKey; readonly scheme: string };
  /** Whom the certificate names: the subject alternative name that matched, and the OIDC issuer. Set by the identity step. */
  readonly identity?: { readonly subject: string; readonly issuer: string | undefined };
}

/** Adds what it found and its checks. A step whose inputs an earlier one could not give adds nothing. */
export type Step = (proof: Proof) => Proof | Promise<Proof>;
