/** How a log vouches for an entry: a promise that it will have it, or a proof that it has it, under a signed checkpoint. */

import { hexOf, isSameBytes } from '../base/bytes.ts';
import { CountersignError } from '../base/errors.ts';
import { verifyByScheme } from '../crypto/signature.ts';
import { logNameOf, namesTree, parseCheckpoint } from '../formats/tlog/checkpoint.ts';
import type { Checkpoint } from '../formats/tlog/checkpoint.ts';
import type { InclusionProof, LogEntry } from '../formats/tlog/log-entry.ts';
import { inclusionRootOf, leafHashOf } from '../formats/tlog/merkle.ts';
import { promisedBytesOf } from '../formats/tlog/promise.ts';
import { failed, passed } from './shared-steps.ts';
import type { TrustedLogKey } from './trust-material.ts';
import type { Check } from './verdict.ts';

const FORGED = 'The entry or its evidence was changed, or another log made it.';

/** The log's signature over entry, time and index. `log.promise`. */
export async function checkPromise(entry: LogEntry, promise: Uint8Array, log: TrustedLogKey): Promise<Check> {
  const title = 'The log signed for the entry';
  return (await verifyByScheme(log.scheme, log.key, promisedBytesOf(entry), promise))
    ? passed('log.promise', title)
    : failed('log.promise', title, {
        expected: `a signature by the key of ${log.baseUrl} over entry, time and index`,
        seen: 'a signature that does not verify',
        next: FORGED,
      });
}

/** The entry is a leaf of the tree that the proof names. `log.proof`. Says nothing about who signed for that tree. */
export function checkInclusion({ body }: LogEntry, proof: InclusionProof): Check {
  const title = "The entry is in the log's tree";
  const leaf = `leaf ${proof.logIndex} of ${proof.treeSize}`;
  const root = inclusionRootOf(leafHashOf(body), proof.logIndex, proof.treeSize, proof.hashes);
  if (root === undefined) {
    return failed('log.proof', title, {
      expected: `a path from ${leaf} to the root`,
      seen: `a path of ${proof.hashes.length} hashes, which leads elsewhere`,
      next: FORGED,
    });
  }
  return isSameBytes(root, proof.rootHash)
    ? passed('log.proof', title, { seen: leaf })
    : failed('log.proof', title, {
        expected: `root ${hexOf(proof.rootHash)}`,
        seen: `root ${hexOf(root)}`,
        next: FORGED,
      });
}

/** The log signed the tree that the proof is about. `log.checkpoint`, and `log.entry` for the entry's index. */
export async function checkCheckpoint(
  entry: LogEntry,
  proof: InclusionProof,
  note: string,
  log: TrustedLogKey,
): Promise<Check> {
  const title = 'The log signed the tree';
  let checkpoint: Checkpoint;
  try {
    checkpoint = parseCheckpoint(note);
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    return failed('log.checkpoint', title, { expected: 'a checkpoint', seen: error.message });
  }
  const facts =
    treeMismatch(checkpoint, proof) ?? originMismatch(checkpoint, log) ?? (await signatureMismatch(checkpoint, log));
  if (facts !== undefined) {
    return failed('log.checkpoint', title, { ...facts, next: FORGED });
  }
  // A log of one tree has one index for an entry, and nothing else vouches for the one beside the proof.
  if (!namesTree(checkpoint.origin) && entry.logIndex !== proof.logIndex) {
    const indexes = { expected: `entry ${proof.logIndex}`, seen: `entry ${entry.logIndex}` };
    return failed('log.entry', 'The entry and its proof have one index', { ...indexes, next: FORGED });
  }
  return passed('log.checkpoint', title, { seen: checkpoint.origin });
}

interface Mismatch {
  readonly expected: string;
  readonly seen: string;
}

function treeMismatch(checkpoint: Checkpoint, proof: InclusionProof): Mismatch | undefined {
  return checkpoint.treeSize === proof.treeSize && isSameBytes(checkpoint.rootHash, proof.rootHash)
    ? undefined
    : {
        expected: `a tree of ${proof.treeSize} leaves with the root ${hexOf(proof.rootHash)}, as the proof has it`,
        seen: `a tree of ${checkpoint.treeSize} leaves with the root ${hexOf(checkpoint.rootHash)}`,
      };
}

/** A log of one tree signs as its host. Where the origin names a tree, private operators sign as anything: there the key
 *  alone decides. Names are compared as they are, never as patterns. */
function originMismatch({ origin }: Checkpoint, log: TrustedLogKey): Mismatch | undefined {
  const host = URL.parse(log.baseUrl)?.hostname;
  return namesTree(origin) || origin === host
    ? undefined
    : { expected: `the origin ${host ?? 'of a log whose address the trust material lacks'}`, seen: origin };
}

/** Signatures of others (witnesses, keys of the log that are not known here) are passed over. */
async function signatureMismatch(checkpoint: Checkpoint, log: TrustedLogKey): Promise<Mismatch | undefined> {
  const { origin, signedBytes, signatures } = checkpoint;
  const own = signatures.filter(({ name, keyHint }) => name === logNameOf(origin) && isSameBytes(keyHint, log.keyHint));
  const expected = `a signature by the key ${hexOf(log.keyHint)} of ${log.baseUrl}`;
  if (own.length === 0) {
    const seen = signatures.slice(0, 3).map(({ name, keyHint }) => `${name} ${hexOf(keyHint)}`);
    return { expected, seen: `signatures by ${seen.join(', ')}` };
  }
  for (const { signature } of own) {
    if (!(await verifyByScheme(log.scheme, log.key, signedBytes, signature))) {
      return { expected, seen: 'a signature that does not verify' };
    }
  }
  return undefined;
}
