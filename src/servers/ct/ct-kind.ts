/** What a certificate transparency log has of its own, for the engine of all logs.
 *  @source c2sp.org/static-ct-api, RFC 6962 section 3 */

import { ConfigError } from '../../base/errors.ts';
import type { Signer } from '../../crypto/signer.ts';
import { digitallySigned } from '../../formats/ct/issued-sct.ts';
import { cutTileLeaves, parseTileLeaf } from '../../formats/ct/tile-leaf.ts';
import { merkleTreeLeafOf } from '../../formats/ct/timestamped-entry.ts';
import { treeHeadBytesOf } from '../../formats/ct/tree-head.ts';
import { encodeCheckpoint } from '../../formats/tlog/checkpoint.ts';
import { treeHeadNoteSignatureOf } from '../../formats/tlog/note-signature.ts';
import { encodeNote } from '../../formats/tlog/note.ts';
import { logIdOf } from '../../formats/trust/log-id.ts';
import type { LogKind } from '../tiles/tile-log.ts';

export interface CtLogKindOptions {
  readonly signer: Signer;
  /** Address of the log without its scheme: "127.0.0.1:8080/ctlog". */
  readonly origin: string;
}

/** Throws KEY_UNSUPPORTED for a key by which certificate transparency logs do not sign. */
export function ctLogKind({ signer, origin }: CtLogKindOptions): LogKind {
  const logId = ctLogIdOf(signer);
  return {
    name: 'ctlog',
    bundleFolder: 'data',
    // Entries tell their own lengths.
    frame: (entry) => entry,
    cut: cutTileLeaves,
    leafOf: (entry) => merkleTreeLeafOf(parseTileLeaf(entry).timestampedEntry),
    signHead: async ({ size, root, time }) => {
      const signature = digitallySigned(await signer.sign(treeHeadBytesOf({ size, root, time })));
      const text = encodeCheckpoint({ origin, treeSize: size, rootHash: root });
      return encodeNote(text, [treeHeadNoteSignatureOf(origin, logId, time, signature)]);
    },
  };
}

/** The log's id. Throws KEY_UNSUPPORTED. @source RFC 6962 section 2.1.4, which allows ECDSA on P-256 and RSA */
export function ctLogIdOf({ publicKey }: Signer): Uint8Array {
  if (publicKey.algorithm !== 'ecdsa-p256') {
    throw new ConfigError(
      'KEY_UNSUPPORTED',
      `a certificate transparency log signs with ECDSA P-256, not with ${publicKey.algorithm}`,
    );
  }
  return logIdOf(publicKey);
}
