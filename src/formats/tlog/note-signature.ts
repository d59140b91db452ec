/** Signatures that logs put under their notes. */

import { concatBytes, utf8Of } from '../../base/bytes.ts';
import { hashOf } from '../../crypto/hash.ts';
import type { Signer } from '../../crypto/signer.ts';
import { logIdOf } from '../trust/log-id.ts';
import type { NoteSignature } from './note.ts';

const HINT_BYTES = 4;
const TREE_HEAD_TYPE = 0x05;

/** Signs the text of a note, its last line feed included: ECDSA as Rekor v1 does, Ed25519 as Rekor v2 does.
 *  @source c2sp.org/signed-note, Signature types */
export async function signNote(text: string, name: string, signer: Signer): Promise<NoteSignature> {
  return {
    name,
    keyHint: logIdOf(signer.publicKey, name).subarray(0, HINT_BYTES),
    signature: await signer.sign(utf8Of(text)),
  };
}

/** The tree head signature of RFC 6962 (digitally-signed struct: two octets of algorithms, length, signature) in a note,
 *  where it is named by the log's origin and id and keeps the time that it covers. @source c2sp.org/static-ct-api */
export function treeHeadNoteSignatureOf(
  origin: string,
  logId: Uint8Array,
  time: Date,
  treeHeadSignature: Uint8Array,
): NoteSignature {
  const timestamp = new Uint8Array(8);
  new DataView(timestamp.buffer).setBigUint64(0, BigInt(time.getTime()));
  return {
    name: origin,
    keyHint: noteKeyHintOf(origin, TREE_HEAD_TYPE, logId),
    signature: concatBytes([timestamp, treeHeadSignature]),
  };
}

/** Which of a name's keys: 4 bytes. @source c2sp.org/signed-note, Signatures */
export function noteKeyHintOf(name: string, type: number, key: Uint8Array): Uint8Array {
  return hashOf('sha256', concatBytes([utf8Of(`${name}\n`), Uint8Array.of(type), key])).subarray(0, HINT_BYTES);
}
