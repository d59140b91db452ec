/** Decides whether to believe one signature about one file. Pure. */

import { isSameBytes, hexOf } from '../base/bytes.ts';
import { hashOf } from '../crypto/hash.ts';
import type { Hashes, HashName } from '../crypto/hash.ts';
import type { PublicKey } from '../crypto/public-key.ts';
import { isVerifiableByHash, verifyHashSignature, verifySignature } from '../crypto/signature.ts';
import type { SignedEntity } from '../formats/signed-entity.ts';
import type { LogPolicy, TrustedKeys } from './policy.ts';
import { checkLog, checkSigner, failed, findSigner, passed, signatureCheckOf, verdictOf } from './shared-steps.ts';
import type { Check, Verdict } from './verdict.ts';

/** The file: its bytes, or hashes of it that the caller made (of a stream) or was given (one digest). */
export type Artifact =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'hashes'; readonly hashes: Partial<Hashes> };

export interface BlobPolicy {
  readonly artifact: Artifact;
  readonly keys: TrustedKeys;
  readonly log: LogPolicy;
}

/** Steps in the report: `content`, `signer`, `digest`, `signature`, `log`. Stops after the step that fails. */
export async function verifyBlobSignature(entity: SignedEntity, policy: BlobPolicy): Promise<Verdict> {
  const { artifact, keys } = policy;

  // 1. The signature must cover a file, not a statement or payload about something.
  const content = checkContent(entity);
  // 2. Signers that a key cannot judge are refused by name.
  const signer = checkSigner(entity, keys);
  // 3. Where the bundle states a digest, it must be the file's: two readers must not see two files.
  const digest = checkMessageDigest(entity, artifact);
  const before = [content, signer, digest];
  if (before.some((check) => check.status === 'fail')) {
    return verdictOf(before.slice(0, before.findIndex((check) => check.status === 'fail') + 1), undefined);
  }

  // 4. The signature itself, over the file, by one of the caller's keys.
  const signedBy = await findSigner(keys, (key) => verifyArtifact(key, artifact, entity.signature));
  if (signedBy === undefined) {
    const blind = artifact.kind === 'hashes' && !keys.every(isVerifiableByHash);
    return verdictOf([...before, blind ? needsWholeFile : signatureCheckOf(undefined, keys)], undefined);
  }

  // 5. The transparency log.
  const checks = [...before, signatureCheckOf(signedBy, keys), checkLog(entity, policy.log)];
  return verdictOf(checks, { ...signedBy, claims: { type: 'file', annotations: {} }, isClaimsChecked: true });
}

const needsWholeFile: Check = {
  step: 'signature',
  title: 'The signature is by a trusted key',
  status: 'unknown',
  note: 'Ed25519 signatures cover the file itself: a digest is not enough to check them',
  next: 'Give the file instead of its digest.',
};

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

async function verifyArtifact(key: PublicKey, artifact: Artifact, signature: Uint8Array): Promise<string | undefined> {
  return artifact.kind === 'bytes'
    ? verifySignature(key, artifact.bytes, signature)
    : verifyHashSignature(key, artifact.hashes, signature);
}
