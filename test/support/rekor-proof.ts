/** Judges what our log of Rekor v1 answers, as our own verifier does. */

import assert from 'node:assert/strict';

import { rekorHost, rekorNow, rekorTreeId } from './rekor-lab.ts';
import type { EntryJson, RekorLab } from './rekor-lab.ts';
import { hexOf, parseBase64, parseHex } from '../../src/base/bytes.ts';
import { schemes } from '../../src/crypto/key-algorithm.ts';
import { parseCheckpoint } from '../../src/formats/tlog/checkpoint.ts';
import type { LogEntry } from '../../src/formats/tlog/log-entry.ts';
import { leafHashOf } from '../../src/formats/tlog/merkle.ts';
import { logIdOf } from '../../src/formats/trust/log-id.ts';
import { checkCheckpoint, checkInclusion, checkPromise } from '../../src/verify/log-inclusion.ts';
import type { TrustedLogKey } from '../../src/verify/trust-material.ts';

/** As our own verifier judges what a bundle would hold of it. */
export async function assertProven({ rekor }: RekorLab, [uuid, entry]: readonly [string, EntryJson]): Promise<void> {
  const { inclusionProof } = entry.verification;
  const { publicKey } = rekor.signer;
  const logId = logIdOf(publicKey);
  const log: TrustedLogKey = {
    baseUrl: `https://${rekorHost}`,
    logId,
    logIdHex: hexOf(logId),
    keyHint: logId.subarray(0, 4),
    key: publicKey,
    scheme: schemes['ecdsa-p256'].sha256,
    validFor: { start: rekorNow },
  };
  const judged: LogEntry = {
    logId: parseHex(entry.logID),
    logIndex: BigInt(entry.logIndex),
    kind: '',
    version: '',
    integratedTime: BigInt(entry.integratedTime),
    body: parseBase64(entry.body),
    promise: parseBase64(entry.verification.signedEntryTimestamp),
    proof: {
      logIndex: BigInt(inclusionProof.logIndex),
      treeSize: BigInt(inclusionProof.treeSize),
      rootHash: parseHex(inclusionProof.rootHash),
      hashes: inclusionProof.hashes.map(parseHex),
      checkpoint: inclusionProof.checkpoint,
    },
  };
  assert.ok(judged.promise !== undefined && judged.proof !== undefined);
  assert.equal((await checkPromise(judged, judged.promise, log)).status, 'pass');
  assert.equal(checkInclusion(judged, judged.proof).status, 'pass');
  assert.equal((await checkCheckpoint(judged, judged.proof, inclusionProof.checkpoint, log)).status, 'pass');
  assert.equal(parseCheckpoint(inclusionProof.checkpoint).origin, `${rekorHost} - ${rekorTreeId}`);
  assert.equal(uuid, `${rekorTreeId.toString(16).padStart(16, '0')}${hexOf(leafHashOf(judged.body))}`);
}
