/** What the log of Rekor v1 has of its own: its bundles hold the canonical bodies, its checkpoints name the tree.
 *  @source sigstore/rekor pkg/util/checkpoint.go; c2sp.org/tlog-tiles, Log Entries */

import { concatBytes } from '../../base/bytes.ts';
import { InputError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Signer } from '../../crypto/signer.ts';
import { encodeCheckpoint } from '../../formats/tlog/checkpoint.ts';
import { signNote } from '../../formats/tlog/note-signature.ts';
import { encodeNote } from '../../formats/tlog/note.ts';
import type { LogKind } from '../tiles/tile-log.ts';

export interface RekorLogOptions {
  /** ECDSA on P-256: what clients can verify. */
  readonly signer: Signer;
  /** Of the address by which clients know the log, without port: they look the signer of checkpoints up by it. */
  readonly hostName: string;
  /** 1 to 2^63-1. */
  readonly treeId: bigint;
}

const LENGTH_BYTES = 2;

export function rekorLogKind({ signer, hostName, treeId }: RekorLogOptions): LogKind {
  return {
    name: 'rekor',
    bundleFolder: 'entries',
    frame: frameOf,
    cut: parseBundle,
    leafOf: (entry) => entry,
    signHead: async ({ size, root }) => {
      const text = encodeCheckpoint({ origin: `${hostName} - ${treeId}`, treeSize: size, rootHash: root });
      return encodeNote(text, [await signNote(text, hostName, signer)]);
    },
  };
}

/** The entry after its length in two octets. Throws INPUT_TOO_LARGE. */
function frameOf(entry: Uint8Array): Uint8Array {
  if (entry.length > limits.logEntryBytes) {
    throw new InputError(
      'INPUT_TOO_LARGE',
      `log entry: ${entry.length} bytes, at most ${limits.logEntryBytes} fit into the log`,
    );
  }
  return concatBytes([Uint8Array.of(entry.length >> 8, entry.length & 0xff), entry]);
}

/** Views of the entries. Throws TILE_MALFORMED. */
function parseBundle(bundle: Uint8Array): readonly Uint8Array[] {
  const view = new DataView(bundle.buffer, bundle.byteOffset, bundle.length);
  const entries: Uint8Array[] = [];
  for (let at = 0; at < bundle.length;) {
    const start = at + LENGTH_BYTES;
    const end = start <= bundle.length ? start + view.getUint16(at) : Infinity;
    if (end > bundle.length)
      throw new InputError('TILE_MALFORMED', `a bundle of entries that is cut off at byte ${at}`);
    entries.push(bundle.subarray(start, end));
    at = end;
  }
  return entries;
}
