/** What a proposed entry of any kind of Rekor v1 is made of. */

import type { HashOutput } from '../hash-output.ts';
import type { EntrySigner } from './entry-signer.ts';

/** One signature that must verify before the entry may be logged. */
export interface SignatureClaim {
  readonly signature: Uint8Array;
  /** What it covers: a message, or one of which only the hash is known. */
  readonly content: { readonly message: Uint8Array } | { readonly hash: HashOutput };
  /** One of these made it; at least one. */
  readonly candidates: readonly EntrySigner[];
}

/** A claim that was verified. */
export interface MadeSignature {
  readonly signature: Uint8Array;
  readonly signer: EntrySigner;
}

export interface CanonicalEntry {
  /** The leaf of the tree. */
  readonly body: Uint8Array;
  /** See search-key.ts. */
  readonly keys: readonly string[];
  /** An attestation that is kept beside the log, for its entry holds only the hash. */
  readonly attestation?: Uint8Array;
}

export interface ProposedSpec {
  /** At least one. */
  readonly claims: readonly SignatureClaim[];
  /** `made`: one for each claim. */
  readonly entryOf: (made: readonly MadeSignature[]) => CanonicalEntry;
}
