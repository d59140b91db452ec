/** Verifies a file's signature by a key. */

import { concatBytes, parseHex } from '../base/bytes.ts';
import { decodeDocument, decodeObject, decodeString, optional } from '../base/decode.ts';
import { InputError } from '../base/errors.ts';
import { parseJson } from '../base/json.ts';
import { limits } from '../base/limits.ts';
import { hashStream } from '../crypto/hash.ts';
import { isVerifiableByHash } from '../crypto/signature.ts';
import { parseBundle } from '../formats/bundle/bundle.ts';
import { parseBlobBundle } from '../formats/cosign/blob-bundle.ts';
import { digestAlgorithmOf, digestHexOf } from '../formats/oci/digest.ts';
import type { Digest } from '../formats/oci/digest.ts';
import type { SignedEntity } from '../formats/signed-entity.ts';
import { verifyBlobSignature } from '../verify/blob-signature.ts';
import type { Artifact } from '../verify/blob-signature.ts';
import type { LogPolicy, TrustedKeys } from '../verify/policy.ts';
import type { Verdict } from '../verify/verdict.ts';

/** What was signed: the file as a stream, or only its digest. */
export type BlobArtifact =
  | { readonly kind: 'stream'; readonly chunks: AsyncIterable<Uint8Array> }
  | { readonly kind: 'digest'; readonly digest: Digest };

/** `--signature` (raw bytes, already out of base64) or `--bundle` (the file's bytes, either generation). */
export type BlobProof =
  | { readonly kind: 'signature'; readonly signature: Uint8Array }
  | { readonly kind: 'bundle'; readonly bytes: Uint8Array; readonly name: string };

export interface VerifyBlobRequest {
  readonly keys: TrustedKeys;
  readonly log: LogPolicy;
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
  const { keys, log, proof } = request;
  const entity = entityOf(proof);
  const artifact = await readArtifact(request.artifact, keys);
  return { entity, verdict: await verifyBlobSignature(entity, { artifact, keys, log }) };
}

const decodeKind = decodeObject({ mediaType: optional(decodeString) });

function entityOf(proof: BlobProof): SignedEntity {
  if (proof.kind === 'signature') {
    return {
      form: 'legacy',
      origin: 'the given signature',
      content: { kind: 'message' },
      signature: proof.signature,
      signer: { kind: 'none' },
      logEntries: [],
      timestamps: [],
    };
  }
  // Only the new generation names its type.
  const what = 'signature bundle';
  const { mediaType } = decodeDocument(
    parseJson(proof.bytes, { what, maxBytes: limits.bundleBytes }),
    decodeKind,
    what,
  );
  return mediaType === undefined ? parseBlobBundle(proof.bytes, proof.name) : parseBundle(proof.bytes, proof.name);
}

async function readArtifact(artifact: BlobArtifact, keys: TrustedKeys): Promise<Artifact> {
  if (artifact.kind === 'digest') {
    return { kind: 'hashes', hashes: { [digestAlgorithmOf(artifact.digest)]: parseHex(digestHexOf(artifact.digest)) } };
  }
  return holdOrHash(artifact.chunks, keys);
}

/** Holds a file up to the cap, which every scheme can judge. A larger one is hashed in constant memory, which is enough
 *  for all but Ed25519. */
async function holdOrHash(chunks: AsyncIterable<Uint8Array>, keys: TrustedKeys): Promise<Artifact> {
  const isHashEnough = keys.every(isVerifiableByHash);
  const cap = isHashEnough ? limits.heldFileBytes : limits.wholeMessageBytes;
  const iterator = chunks[Symbol.asyncIterator]();
  const held: Uint8Array[] = [];
  let size = 0;
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
    held.push(next.value);
    size += next.value.length;
    if (size > cap) {
      if (!isHashEnough) {
        throw new InputError(
          'INPUT_TOO_LARGE',
          `the file has more than ${cap} bytes: Ed25519 covers the file itself, which must be held in memory whole`,
        );
      }
      return { kind: 'hashes', hashes: await hashStream(resumed(held, iterator)) };
    }
  }
  return { kind: 'bytes', bytes: concatBytes(held) };
}

async function* resumed(held: Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  while (held.length > 0) {
    yield held.shift() as Uint8Array;
  }
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
    yield next.value;
  }
}
