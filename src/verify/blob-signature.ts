/** Decides whether to believe one signature about one file. Pure. */

import { isSameBytes, hexOf } from '../base/bytes.ts';
import { hashOf } from '../crypto/hash.ts';
import type { HashName } from '../crypto/hash.ts';
import type { SignedEntity } from '../formats/signed-entity.ts';
import type { SignaturePolicy } from './policy.ts';
import type { SignedBytes } from './proof.ts';
import { evidenceOf, failed, passed, verdictOf } from './shared-steps.ts';
import { proveSignature } from './steps.ts';
import type { Check, Verdict } from './verdict.ts';

/** The file: its bytes, or hashes of it that the caller made (of a stream) or was given (one digest). */
export type Artifact = SignedBytes;

export interface BlobPolicy extends SignaturePolicy {
  readonly artifact: Artifact;
}

/** Steps in the report: `content`, `digest`, then those of `proveSignature`. Stops after the step that fails, unless the
 *  policy is exhaustive. */
export async function verifyBlobSignature(entity: SignedEntity, policy: BlobPolicy): Promise<Verdict> {
  const { artifact } = policy;

  // 1. The signature must cover a file, not a statement or payload about something.
  const content = checkContent(entity);
  if (content.status === 'fail') {
    return verdictOf([content], undefined);
  }

  // 2. Where the bundle states a digest, it must be the file's: two readers must not see two files.
  const digest = checkMessageDigest(entity, artifact);
  if (digest.status === 'fail' && policy.isExhaustive !== true) {
    return verdictOf([content, digest], undefined);
  }

  // 3. Who signed, and when.
  const proof = await proveSignature(entity, artifact, policy);
  return verdictOf(
    [content, digest, ...proof.checks],
    evidenceOf(proof, { type: 'file', annotations: {} }, true),
    proof,
  );
}

function checkContent(entity: SignedEntity): Check {
  const title = 'The signature covers a file';
  if (entity.content.kind === 'message') {
    return passed('content', title);
  }
  const seen = entity.content.kind === 'dsse' ? 'a signature over a statement' : 'a signature over an image payload';
  return failed('content', title, { expected: 'a signature over a file', seen });
}

function checkMessageDigest(entity: SignedEntity, artifact: Artifact): Check {
  const title = 'The bundle names this file';
  const stated = entity.content.kind === 'message' ? entity.content.digest : undefined;
  if (stated === undefined) {
    return { step: 'digest', title, status: 'skip', note: 'the signature states no digest' };
  }
  const actual = hashOfArtifact(artifact, stated.hash);
  if (actual === undefined) {
    return { step: 'digest', title, status: 'skip', note: `the file's ${stated.hash} is not known` };
  }
  const facts = { expected: `${stated.hash}:${hexOf(actual)}`, seen: `${stated.hash}:${hexOf(stated.value)}` };
  return isSameBytes(actual, stated.value)
    ? passed('digest', title, facts)
    : failed('digest', title, { ...facts, next: 'The bundle belongs to another file, or the file was changed.' });
}

function hashOfArtifact(artifact: Artifact, name: HashName): Uint8Array | undefined {
  return artifact.kind === 'bytes' ? hashOf(name, artifact.bytes) : artifact.hashes[name];
}
