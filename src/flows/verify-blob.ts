/** Verifies a file's signature. */

import { concatBytes, parseHex } from '../base/bytes.ts';
import { CountersignError, InputError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { hashStream } from '../crypto/hash.ts';
import { parsePublicKey } from '../crypto/public-key.ts';
import { isVerifiableByHash } from '../crypto/signature.ts';
import { parseBundle } from '../formats/bundle/bundle.ts';
import { isSigstoreBundle } from '../formats/bundle/generation.ts';
import { parseBlobBundle } from '../formats/cosign/blob-bundle.ts';
import { digestAlgorithmOf, digestHexOf } from '../formats/oci/digest.ts';
import type { Digest } from '../formats/oci/digest.ts';
import type { SignedEntity } from '../formats/signed-entity.ts';
import { parseCertificate } from '../formats/x509/certificate.ts';
import { verifyBlobSignature } from '../verify/blob-signature.ts';
import type { Artifact } from '../verify/blob-signature.ts';
import type { SignaturePolicy } from '../verify/policy.ts';
import { reading } from './given-file.ts';
import type { Verdict } from '../verify/verdict.ts';

/** What was signed: the file as a stream, or only its digest. */
export type BlobArtifact =
  | { readonly kind: 'stream'; readonly chunks: AsyncIterable<Uint8Array> }
  | { readonly kind: 'digest'; readonly digest: Digest };

/** `--signature` (raw bytes, already out of base64) or `--bundle` (the file's bytes, either generation). */
export type BlobProof =
  | {
      readonly kind: 'signature';
      readonly signature: Uint8Array;
      /** `--certificate`: DER, leaf first. None: made with a key. */
      readonly certificates?: readonly Uint8Array[];
      /** `--rfc3161-timestamp`: DER. */
      readonly timestamps?: readonly Uint8Array[];
    }
  | { readonly kind: 'bundle'; readonly bytes: Uint8Array; readonly name: string };

export interface VerifyBlobRequest {
  readonly signature: SignaturePolicy;
  readonly artifact: BlobArtifact;
  readonly proof: BlobProof;
}

export interface BlobReport {
  readonly verdict: Verdict;
  readonly entity: SignedEntity;
}

/** Judges the signature. Throws when a bundle is not one (BUNDLE_MALFORMED, JSON_MALFORMED, …), when the stream does, and
 *  INPUT_TOO_LARGE for an Ed25519 signature of a file too large to hold. */
export async function verifyBlob(request: VerifyBlobRequest): Promise<BlobReport> {
  return verifyBlobEntity(entityOf(request.proof), request.artifact, request.signature);
}

/** As `verifyBlob`, for a signature that has been read. */
export async function verifyBlobEntity(
  entity: SignedEntity,
  given: BlobArtifact,
  signature: SignaturePolicy,
): Promise<BlobReport> {
  const artifact = await readArtifact(given, entity, signature);
  return { entity, verdict: await verifyBlobSignature(entity, { ...signature, artifact }) };
}

function entityOf(proof: BlobProof): SignedEntity {
  if (proof.kind === 'signature') {
    return {
      form: 'legacy',
      origin: 'the given signature',
      content: { kind: 'message' },
      signature: proof.signature,
      signer: proof.certificates === undefined ? { kind: 'none' } : { kind: 'certificate', chain: proof.certificates },
      logEntries: [],
      logEvidence: 'promise',
      timestamps: proof.timestamps ?? [],
    };
  }
  return reading(proof, (bytes) =>
    isSigstoreBundle(bytes) ? parseBundle(bytes, proof.name) : parseBlobBundle(bytes, proof.name),
  );
}

/** Reads the file once, as far as the scheme needs it. Throws INPUT_TOO_LARGE, and what the stream throws. */
export async function readArtifact(
  artifact: BlobArtifact,
  entity: SignedEntity,
  policy: SignaturePolicy,
): Promise<Artifact> {
  if (artifact.kind === 'digest') {
    return { kind: 'hashes', hashes: { [digestAlgorithmOf(artifact.digest)]: parseHex(digestHexOf(artifact.digest)) } };
  }
  return holdOrHash(artifact.chunks, () => isHashEnough(entity, policy));
}

/** Holds a file up to the cap, which every scheme can judge. A larger one is hashed in constant memory, which is enough
 *  for all but Ed25519. */
async function holdOrHash(chunks: AsyncIterable<Uint8Array>, mayHash: () => boolean): Promise<Artifact> {
  const iterator = chunks[Symbol.asyncIterator]();
  const held: Uint8Array[] = [];
  let size = 0;
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
    held.push(next.value);
    size += next.value.length;
    if (size > limits.heldFileBytes && mayHash()) {
      return { kind: 'hashes', hashes: await hashStream(resumed(held, iterator)) };
    }
    if (size > limits.wholeMessageBytes) {
      throw new InputError(
        'INPUT_TOO_LARGE',
        `the file has more than ${limits.wholeMessageBytes} bytes: Ed25519 covers the file itself, which must be held in memory whole`,
      );
    }
  }
  return { kind: 'bytes', bytes: concatBytes(held) };
}

/** What the certificate says of its key is only used to choose how the file is read. */
function isHashEnough({ signer: claim }: SignedEntity, { signer }: SignaturePolicy): boolean {
  if (signer.kind === 'keys') {
    return signer.keys.every(isVerifiableByHash);
  }
  try {
    const [leaf] = claim.kind === 'certificate' ? claim.chain : [];
    return leaf === undefined || isVerifiableByHash(parsePublicKey(parseCertificate(leaf).spki));
  } catch (error) {
    // It will be told by the step that reads the certificate.
    if (error instanceof CountersignError) return true;
    throw error;
  }
}

async function* resumed(held: Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  while (held.length > 0) {
    yield held.shift() as Uint8Array;
  }
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
    yield next.value;
  }
}
