/** Walks through the logs in a data directory, from their first entry to what their newest checkpoint says, and checks its
 *  signature. Reads files only, and may run beside the stack. */

import { isSameBytes, utf8Of } from '../../base/bytes.ts';
import { CountersignError } from '../../base/errors.ts';
import { verifySignature } from '../../crypto/signature.ts';
import type { Signer } from '../../crypto/signer.ts';
import { treeHeadBytesOf } from '../../formats/ct/tree-head.ts';
import { noteKeyHintOf } from '../../formats/tlog/note-signature.ts';
import { parseNote } from '../../formats/tlog/note.ts';
import { logIdOf } from '../../formats/trust/log-id.ts';
import { openDirectoryReader } from '../../storage/directory-store.ts';
import { verifyTileLog } from '../tiles/verify-tile-log.ts';
import type { VerifiedTileLog } from '../tiles/verify-tile-log.ts';
import { placesIn, requireSettings } from './data-directory.ts';
import { publicSignerOf } from './public-signer.ts';
import { stackLogKinds } from './stack-logs.ts';
import type { StackSettings } from './stack-settings.ts';

export type LogName = 'rekor' | 'ctlog';

const TREE_HEAD_TYPE = 5;
/** Octets before the signature: hash and signature algorithm, length. */
const DIGITALLY_SIGNED_HEAD = 4;
const TIMESTAMP_BYTES = 8;

/** Throws STACK_NOT_FOUND, LOG_DAMAGED with the first thing that is wrong. */
export async function verifyStackLog(
  dataDir: string,
  name: LogName,
  onProgress: (checked: bigint, size: bigint) => void,
): Promise<VerifiedTileLog> {
  const settings = await requireSettings(dataDir);
  const signers = { rekor: publicSignerOf(settings, 'rekor'), ctlog: publicSignerOf(settings, 'ctlog') };
  const kind = stackLogKinds(settings, signers)[name];
  const objects = openDirectoryReader(placesIn(dataDir).objects);
  const verified = await verifyTileLog({ kind, objects, onProgress });
  const isSigned = await (name === 'rekor' ? isSignedByRekor : isSignedByCtLog)(verified, signers[name], settings);
  if (!isSigned)
    throw new CountersignError('LOG_DAMAGED', `the checkpoint is not signed by the key of the log ${name}`);
  return verified;
}

async function isSignedByRekor(
  { checkpoint }: VerifiedTileLog,
  { publicKey }: Signer,
  { url }: StackSettings,
): Promise<boolean> {
  const name = new URL(url).hostname;
  const hint = logIdOf(publicKey).subarray(0, 4);
  const { text, signatures } = parseNote(checkpoint);
  const own = signatures.find((signature) => signature.name === name && isSameBytes(signature.keyHint, hint));
  return own !== undefined && (await verifySignature(publicKey, utf8Of(text), own.signature)) !== undefined;
}

async function isSignedByCtLog(
  { checkpoint, size, root }: VerifiedTileLog,
  { publicKey }: Signer,
  { url }: StackSettings,
): Promise<boolean> {
  const hint = noteKeyHintOf(`${new URL(url).host}/ctlog`, TREE_HEAD_TYPE, logIdOf(publicKey));
  const own = parseNote(checkpoint).signatures.find(({ keyHint }) => isSameBytes(keyHint, hint))?.signature;
  if (own === undefined || own.length <= TIMESTAMP_BYTES + DIGITALLY_SIGNED_HEAD) return false;
  const time = new Date(Number(new DataView(own.buffer, own.byteOffset).getBigUint64(0)));
  const signature = own.subarray(TIMESTAMP_BYTES + DIGITALLY_SIGNED_HEAD);
  return (await verifySignature(publicKey, treeHeadBytesOf({ size, root, time }), signature)) !== undefined;
}
