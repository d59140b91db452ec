/** The log as a whole: its head, that it only grows, and its key.
 *  @source sigstore/rekor openapi.yaml, getLogInfo, getLogProof, getPublicKey */

import { hexOf, utf8Of } from '../../base/bytes.ts';
import { InputError } from '../../base/errors.ts';
import { publicKeyPemOf } from '../../crypto/public-key.ts';
import { bytesAnswer, jsonAnswer } from '../../serve/answer.ts';
import type { Answer, Call } from '../../serve/service.ts';
import { NO_CACHE, requireNumber, requireTree } from './query.ts';
import type { Rekor } from './rekor.ts';

export async function readLogInfo({ log, treeId }: Rekor): Promise<Answer> {
  const { root, size, checkpoint } = log.head();
  const info = { rootHash: hexOf(root), treeSize: Number(size), signedTreeHead: checkpoint, treeID: `${treeId}` };
  return jsonAnswer(200, { ...info, inactiveShards: [] }, NO_CACHE);
}

/** Throws REQUEST_PARAMETER_MALFORMED, LOG_SIZE_UNKNOWN. */
export async function readLogProof({ log, treeId }: Rekor, { url }: Call): Promise<Answer> {
  requireTree(url, treeId);
  const first = requireNumber(url, 'firstSize', 1n);
  const last = requireNumber(url, 'lastSize');
  if (first < 1n || first > last) {
    throw new InputError('REQUEST_PARAMETER_MALFORMED', `firstSize(${first}) must be from 1 to lastSize(${last})`);
  }
  const [hashes, root] = await Promise.all([log.consistencyProof(first, last), log.rootAt(last)]);
  return jsonAnswer(200, { hashes: hashes.map(hexOf), rootHash: hexOf(root) }, NO_CACHE);
}

/** Throws REQUEST_PARAMETER_MALFORMED. */
export async function readPublicKey({ signer, treeId }: Rekor, { url }: Call): Promise<Answer> {
  requireTree(url, treeId);
  return bytesAnswer(200, 'application/x-pem-file', utf8Of(publicKeyPemOf(signer.publicKey)), NO_CACHE);
}
