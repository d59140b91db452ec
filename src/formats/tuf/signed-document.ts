/** Signing TUF documents. @source TUF specification 1.0.34 sections 4.1 and 4.2 */

import { hexOf, parseHex, utf8Of } from '../../base/bytes.ts';
import { InputError, isErrorWithCode } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import type { JsonObject, JsonValue } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import { sha256HexOf } from '../../crypto/hash.ts';
import { schemes } from '../../crypto/key-algorithm.ts';
import type { PublicKey } from '../../crypto/public-key.ts';
import { publicKeyPemOf } from '../../crypto/public-key.ts';
import { verifyAtOnce } from '../../crypto/signature.ts';
import type { Signer } from '../../crypto/signer.ts';
import { canonicalJsonOf } from './canonical-json.ts';

export interface TufKey {
  /** Hex SHA-256 of the canonical spelling of `value`: some clients make it again and compare. */
  readonly id: string;
  /** As root documents list it. */
  readonly value: JsonObject;
}

/** Throws KEY_UNSUPPORTED unless the key is ECDSA on P-256, which every client reads. */
export function tufKeyOf(key: PublicKey): TufKey {
  if (key.algorithm !== 'ecdsa-p256') {
    throw new InputError('KEY_UNSUPPORTED', `TUF documents are signed by ECDSA keys on P-256, not ${key.algorithm}`);
  }
  const value = { keytype: 'ecdsa', scheme: 'ecdsa-sha2-nistp256', keyval: { public: publicKeyPemOf(key) } };
  return { id: sha256HexOf(utf8Of(canonicalJsonOf(value))), value };
}

/** The document with a signature of each signer, a key that comes twice counted once. Throws as `tufKeyOf`. */
export async function signTufDocument(signed: JsonObject, signers: readonly Signer[]): Promise<Uint8Array> {
  const message = utf8Of(canonicalJsonOf(signed));
  const byId = new Map(signers.map((signer) => [tufKeyOf(signer.publicKey).id, signer]));
  const signatures = await Promise.all(
    Array.from(byId, async ([keyid, signer]) => ({ keyid, sig: hexOf(await signer.sign(message)) })),
  );
  return utf8Of(`${JSON.stringify({ signatures, signed }, undefined, 2)}\n`);
}

/** Whether the document bears a good signature of this key. Throws JSON_MALFORMED and its like. */
export function isSignedBy(document: Uint8Array, key: PublicKey): boolean {
  const { signatures, signed } = parseJson(document, { what: 'TUF document', maxBytes: limits.tufTargetsBytes }) as {
    readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
    readonly signed: JsonValue;
  };
  const { id } = tufKeyOf(key);
  const message = utf8Of(canonicalJsonOf(signed));
  return signatures.some(
    ({ keyid, sig }) => keyid === id && verifyAtOnce(schemes['ecdsa-p256'].sha256, key, message, signatureOf(sig)),
  );
}

/** Empty, which verifies nothing, for what is no hexadecimal. */
function signatureOf(sig: string): Uint8Array {
  try {
    return parseHex(sig);
  } catch (error) {
    if (isErrorWithCode(error, 'HEX_MALFORMED')) return new Uint8Array();
    throw error;
  }
}
