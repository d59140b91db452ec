/** What stands beside a new signature, whatever it is stored as: who made it, and who vouches for when. */

import type { PublicKey } from '../crypto/public-key.ts';
import type { LogEntry } from './tlog/log-entry.ts';

export interface SignatureMaterial {
  readonly signer: MaterialSigner;
  /** About this very signature. */
  readonly logEntries: readonly LogEntry[];
  /** RFC 3161 responses over this very signature, DER. */
  readonly timestamps: readonly Uint8Array[];
}

export type MaterialSigner =
  | { readonly kind: 'key'; readonly key: PublicKey }
  /** The certificate, then those that issued it, root last; DER. */
  | { readonly kind: 'certificate'; readonly chain: readonly [Uint8Array, ...Uint8Array[]] };

/** Of a signature by a key, which nobody vouches for. */
export function keyMaterialOf(key: PublicKey): SignatureMaterial {
  return { signer: { kind: 'key', key }, logEntries: [], timestamps: [] };
}
