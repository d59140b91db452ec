/** One entry of a transparency log, as it is stored beside a signature: what every form of it becomes at the border.
 *  @source sigstore/protobuf-specs protos/sigstore_rekor.proto, TransparencyLogEntry */

import { base64Of } from '../../base/bytes.ts';
import { decodeArray, decodeString, optional } from '../../base/decode.ts';
import type { Decoder } from '../../base/decode.ts';
import { InputError } from '../../base/errors.ts';
import { decodeBytes, decodeInt64, decodeMessage } from '../proto-json.ts';

export interface LogEntry {
  /** The log that the entry says it is in: 32 bytes. */
  readonly logId: Uint8Array;
  /** Index in the whole log, over all its shards. Signed by the promise only. */
  readonly logIndex: bigint;
  /** "hashedrekord" */
  readonly kind: string;
  /** "0.0.1" */
  readonly version: string;
  /** Seconds since 1970; undefined where the log gives no time (Rekor v2). Signed by the promise only. */
  readonly integratedTime: bigint | undefined;
  /** The canonical body: the leaf of the tree. */
  readonly body: Uint8Array;
  /** Signed entry timestamp: the log's signature over body, time, log and index. */
  readonly promise: Uint8Array | undefined;
  readonly proof: InclusionProof | undefined;
}

export interface InclusionProof {
  /** Index in the tree that the checkpoint is of. */
  readonly logIndex: bigint;
  readonly treeSize: bigint;
  readonly rootHash: Uint8Array;
  /** From the leaf upwards, 32 bytes each. */
  readonly hashes: readonly Uint8Array[];
  /** A signed note; undefined in old bundles. */
  readonly checkpoint: string | undefined;
}

const LOG_ID_BYTES = 32;

// Zeros may be left out, as protocol buffers do.
const decodeProof = decodeMessage({
  logIndex: optional(decodeInt64),
  rootHash: optional(decodeBytes),
  treeSize: optional(decodeInt64),
  hashes: optional(decodeArray(decodeBytes)),
  checkpoint: optional(decodeMessage({ envelope: optional(decodeString) })),
});
const decodeMembers = decodeMessage({
  logIndex: optional(decodeInt64),
  logId: decodeMessage({ keyId: decodeBytes }),
  kindVersion: decodeMessage({ kind: decodeString, version: decodeString }),
  integratedTime: optional(decodeInt64),
  inclusionPromise: optional(decodeMessage({ signedEntryTimestamp: optional(decodeBytes) })),
  inclusionProof: optional(decodeProof),
  canonicalizedBody: decodeBytes,
});

/** Reads the entry of a bundle. Throws JSON_SHAPE, BASE64_MALFORMED, LOG_ENTRY_MALFORMED. */
export const decodeLogEntry: Decoder<LogEntry> = (value, path) => {
  const entry = decodeMembers(value, path);
  const { inclusionPromise: promise, inclusionProof: proof } = entry;
  return {
    logId: requireLogId(entry.logId.keyId, path),
    logIndex: entry.logIndex ?? 0n,
    ...entry.kindVersion,
    integratedTime: timeOf(entry.integratedTime),
    body: entry.canonicalizedBody,
    // An empty promise or checkpoint is a wrong one, not none.
    promise: promise === undefined ? undefined : (promise.signedEntryTimestamp ?? new Uint8Array()),
    proof:
      proof === undefined
        ? undefined
        : {
            logIndex: proof.logIndex ?? 0n,
            treeSize: proof.treeSize ?? 0n,
            rootHash: proof.rootHash ?? new Uint8Array(),
            hashes: proof.hashes ?? [],
            checkpoint: proof.checkpoint === undefined ? undefined : (proof.checkpoint.envelope ?? ''),
          },
  };
};

/** The entry as a bundle holds it. What the log did not give is left out. */
export function logEntryJsonOf(entry: LogEntry): object {
  const { logId, kind, version, integratedTime, promise, proof, body } = entry;
  return {
    logIndex: `${entry.logIndex}`,
    logId: { keyId: base64Of(logId) },
    kindVersion: { kind, version },
    ...(integratedTime === undefined ? {} : { integratedTime: `${integratedTime}` }),
    ...(promise === undefined ? {} : { inclusionPromise: { signedEntryTimestamp: base64Of(promise) } }),
    ...(proof === undefined ? {} : { inclusionProof: proofJsonOf(proof) }),
    canonicalizedBody: base64Of(body),
  };
}

/** Log ids are SHA-256 hashes. Throws LOG_ENTRY_MALFORMED. */
export function requireLogId(logId: Uint8Array, path: string): Uint8Array {
  if (logId.length !== LOG_ID_BYTES) {
    throw new InputError('LOG_ENTRY_MALFORMED', `${path}: a log id of ${logId.length} bytes, expected ${LOG_ID_BYTES}`);
  }
  return logId;
}

function proofJsonOf({ logIndex, treeSize, rootHash, hashes, checkpoint }: InclusionProof): object {
  return {
    logIndex: `${logIndex}`,
    rootHash: base64Of(rootHash),
    treeSize: `${treeSize}`,
    hashes: hashes.map(base64Of),
    ...(checkpoint === undefined ? {} : { checkpoint: { envelope: checkpoint } }),
  };
}

/** Zero stands for no time. */
function timeOf(seconds: bigint | undefined): bigint | undefined {
  return seconds === 0n ? undefined : seconds;
}
