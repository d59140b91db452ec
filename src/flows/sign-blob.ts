/** Signs a file or a stream. */

import { hashAlongside, hashOf } from '../crypto/hash.ts';
import type { Message, Signer } from '../crypto/signer.ts';
import { encodeBundle } from '../formats/bundle/bundle.ts';
import { encodeBlobBundle } from '../formats/cosign/blob-bundle.ts';

export interface SignedBlob {
  readonly signature: Uint8Array;
  /** SHA-256 of the SubjectPublicKeyInfo, hex. */
  readonly signer: string;
  /** Bundle v0.3, JSON. */
  readonly bundle: Uint8Array;
  /** Cosign 2's bundle (LocalSignedPayload), JSON. */
  readonly legacyBundle: Uint8Array;
}

/** Reads the message once, in constant memory except with Ed25519. Throws INPUT_TOO_LARGE. */
export async function signBlob(message: Message, signer: Signer): Promise<SignedBlob> {
  const { signature, sha256 } = await signHashing(message, signer);
  return {
    signature,
    signer: signer.publicKey.fingerprint,
    bundle: encodeBundle(signer.publicKey, { kind: 'message', sha256 }, signature),
    legacyBundle: encodeBlobBundle(signature),
  };
}

async function signHashing(
  message: Message,
  signer: Signer,
): Promise<{ readonly signature: Uint8Array; readonly sha256: Uint8Array }> {
  if (message instanceof Uint8Array) {
    return { signature: await signer.sign(message), sha256: hashOf('sha256', message) };
  }
  const { chunks, sha256 } = hashAlongside(message);
  const signature = await signer.sign(chunks);
  return { signature, sha256: sha256() };
}
