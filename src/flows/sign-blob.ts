/** Signs a file or a stream. */

import type { Message } from '../crypto/signer.ts';
import { encodeBundle } from '../formats/bundle/bundle.ts';
import { encodeBlobBundle } from '../formats/cosign/blob-bundle.ts';
import type { SignatureMaterial } from '../formats/signature-material.ts';
import type { SigningMethod } from './signing-method.ts';

export interface SignedBlob {
  readonly signature: Uint8Array;
  /** SHA-256 of the SubjectPublicKeyInfo, hex. */
  readonly signer: string;
  readonly material: SignatureMaterial;
  /** Bundle v0.3, JSON. */
  readonly bundle: Uint8Array;
  /** Cosign 2's bundle (LocalSignedPayload), JSON. */
  readonly legacyBundle: Uint8Array;
}

/** Reads the message once, in constant memory except with Ed25519. Throws as `SigningMethod.sign`. */
export async function signBlob(message: Message, method: SigningMethod): Promise<SignedBlob> {
  const { signature, sha256, material } = await method.sign({ kind: 'message', message });
  if (sha256 === undefined) throw new TypeError('a signed message has a hash');
  return {
    signature,
    signer: method.publicKey.fingerprint,
    material,
    bundle: encodeBundle(material, { kind: 'message', sha256 }, signature),
    legacyBundle: encodeBlobBundle(signature, material),
  };
}
