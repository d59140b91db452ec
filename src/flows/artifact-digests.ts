/** A file's digests, to find it among the subjects of a statement. */

import { hexOf } from '../base/bytes.ts';
import { hashStream } from '../crypto/hash.ts';
import type { HashName } from '../crypto/hash.ts';
import type { ArtifactDigest } from '../verify/attestation-signature.ts';

/** By each algorithm that statements use. The file is read in constant memory. */
export async function digestsOfStream(
  chunks: AsyncIterable<Uint8Array>,
): Promise<readonly [ArtifactDigest, ...ArtifactDigest[]]> {
  const hashes = await hashStream(chunks);
  const digestBy = (hash: HashName): ArtifactDigest => ({ hash, hex: hexOf(hashes[hash]) });
  return [digestBy('sha256'), digestBy('sha384'), digestBy('sha512')];
}
