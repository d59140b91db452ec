/** Entries as the API of Rekor v1 gives them: with the log's promise, and a proof under the published checkpoint.
 *  @source sigstore/rekor openapi.yaml, LogEntry */

import { base64Of, hexOf, parseHex } from '../../base/bytes.ts';
import { attestationHashOf } from '../../formats/rekor/attestation.ts';
import { leafHashOf } from '../../formats/tlog/merkle.ts';
import { promisedBytesOf } from '../../formats/tlog/promise.ts';
import type { LoggedEntry } from '../tiles/tile-log.ts';
import { entryUuidOf } from './entry-uuid.ts';
import type { Rekor } from './rekor.ts';

/** The key of the object that keeps an attestation, by the SHA-256 of it. */
export function attestationKeyOf(sha256Hex: string): string {
  return `rekor/attestation/${sha256Hex}`;
}

/** An object with one member, named by the entry's UUID. Throws as the log does. */
export async function entryJsonOf(rekor: Rekor, entry: LoggedEntry): Promise<Readonly<Record<string, object>>> {
  const { log, signer, treeId } = rekor;
  const body = entry.entry;
  const logID = signer.publicKey.fingerprint;
  const integratedTime = BigInt(Math.floor(entry.time.getTime() / 1000));
  // The head is taken once: the proof and the checkpoint beside it are about one tree.
  const head = log.head();
  const [promise, hashes, attestation] = await Promise.all([
    signer.sign(promisedBytesOf({ body, integratedTime, logId: parseHex(logID), logIndex: entry.index })),
    log.inclusionProof(entry.index, head.size),
    readAttestation(rekor, body),
  ]);
  return {
    [entryUuidOf(treeId, leafHashOf(body))]: {
      ...(attestation === undefined ? {} : { attestation: { data: base64Of(attestation) } }),
      body: base64Of(body),
      integratedTime: Number(integratedTime),
      logID,
      logIndex: Number(entry.index),
      verification: {
        inclusionProof: {
          checkpoint: head.checkpoint,
          hashes: hashes.map(hexOf),
          logIndex: Number(entry.index),
          rootHash: hexOf(head.root),
          treeSize: Number(head.size),
        },
        signedEntryTimestamp: base64Of(promise),
      },
    },
  };
}

async function readAttestation({ objects }: Rekor, body: Uint8Array): Promise<Uint8Array | undefined> {
  const hash = attestationHashOf(body);
  return hash === undefined ? undefined : (await objects.read(attestationKeyOf(hash)))?.bytes;
}
