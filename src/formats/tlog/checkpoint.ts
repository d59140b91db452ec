/** Checkpoints: what a log signs about its whole tree. @source c2sp.org/tlog-checkpoint */

import { base64Of, utf8Of } from '../../base/bytes.ts';
import { InputError } from '../../base/errors.ts';
import { noteBytesOf, parseNote } from './note.ts';
import type { NoteSignature } from './note.ts';

export interface Checkpoint {
  /** Names the log: "log2025-1.rekor.sigstore.dev", or "rekor.sigstore.dev - 2605736670972794746" by Rekor v1. */
  readonly origin: string;
  readonly treeSize: bigint;
  /** 32 bytes. */
  readonly rootHash: Uint8Array;
  /** Lines after the root hash, not read. */
  readonly extensions: readonly string[];
  /** What the signatures cover. */
  readonly signedBytes: Uint8Array;
  readonly signatures: readonly NoteSignature[];
}

const TREE_SIZE = /^(?:0|[1-9]\d{0,18})$/;
const ROOT_HASH_BYTES = 32;
const TREE_ID = / - \d+$/;

/** Reads a checkpoint: origin, size, root hash, then extension lines. Throws CHECKPOINT_MALFORMED. Checks no signature. */
export function parseCheckpoint(note: string): Checkpoint {
  const { text, signatures } = parseNote(note);
  const [origin = '', size = '', root = '', ...extensions] = text.slice(0, -1).split('\n');
  if (origin === '') {
    throw malformed('no origin');
  }
  if (!TREE_SIZE.test(size)) {
    throw malformed('the second line is no tree size');
  }
  const rootHash = noteBytesOf(root);
  if (rootHash.length !== ROOT_HASH_BYTES) {
    throw malformed(`a root hash of ${rootHash.length} bytes, expected ${ROOT_HASH_BYTES}`);
  }
  return { origin, treeSize: BigInt(size), rootHash, extensions, signedBytes: utf8Of(text), signatures };
}

/** The text that a log signs: origin, size and root hash, each on its line. */
export function encodeCheckpoint({
  origin,
  treeSize,
  rootHash,
}: Pick<Checkpoint, 'origin' | 'treeSize' | 'rootHash'>): string {
  return `${origin}\n${treeSize}\n${base64Of(rootHash)}\n`;
}

/** Whether the origin ends in the id of a tree, as Rekor v1 writes it: there a log consists of several trees, and the
 *  name before the id is any the operator chose. */
export function namesTree(origin: string): boolean {
  return TREE_ID.test(origin);
}

/** Whom the log signs as: its origin without the id of a tree. */
export function logNameOf(origin: string): string {
  return origin.replace(TREE_ID, '');
}

function malformed(why: string): InputError {
  return new InputError('CHECKPOINT_MALFORMED', `checkpoint: ${why}`);
}
