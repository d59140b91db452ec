/** What every signature becomes at the border, whatever it was stored as: a `.sig` layer, a bundle referrer, a blob
 *  bundle. Verification sees only this shape. */

import type { HashName } from '../crypto/hash.ts';
import type { LogEntry } from './tlog/log-entry.ts';

/** What a bundle says the artifact hashes to: only ever compared with the artifact. */
export interface MessageDigest {
  readonly hash: HashName;
  readonly value: Uint8Array;
}

/** The bytes that the signature covers. */
export type SignedContent =
  /** The signature covers this simple-signing payload. */
  | { readonly kind: 'simple-signing'; readonly payload: Uint8Array }
  /** The signature covers the pre-authentication encoding of type and payload. */
  | {
      readonly kind: 'dsse';
      readonly payloadType: string;
      readonly payload: Uint8Array;
      /** The envelope's bytes where they were stored as such (legacy attestations); a bundle has none. */
      readonly envelope?: Uint8Array;
    }
  /** The signature covers the artifact itself, which stands outside. */
  | { readonly kind: 'message'; readonly digest?: MessageDigest };

/** What the entity says about its signer. Only ever compared with what the user trusts; it never becomes the verifier. */
export type SignerClaim =
  | { readonly kind: 'none' }
  | { readonly kind: 'public-key'; readonly hint: string }
  /** A key stored inside a legacy blob bundle, PEM. */
  | { readonly kind: 'embedded-key'; readonly pem: string }
  /** Leaf first, DER. */
  | { readonly kind: 'certificate'; readonly chain: readonly Uint8Array[] };

export interface SignedEntity {
  readonly form: 'legacy' | 'bundle';
  /** Where it was found, for people: "sha256-….sig layer sha256:…", "referrer sha256:…", "file x.json". */
  readonly origin: string;
  readonly content: SignedContent;
  readonly signature: Uint8Array;
  readonly signer: SignerClaim;
  readonly logEntries: readonly LogEntry[];
  /** What each log entry must carry: bundles 0.1 and legacy forms a promise, later bundles a proof with a checkpoint. */
  readonly logEvidence: 'promise' | 'proof';
  /** RFC 3161 responses, DER. */
  readonly timestamps: readonly Uint8Array[];
}
