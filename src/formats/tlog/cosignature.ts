/** Cosignatures: by these a witness states that it saw a log grow only, and when.
 *  @source c2sp.org/tlog-cosignature, version 1; c2sp.org/signed-note, Verifier keys */

import { concatBytes, hexOf, isSameBytes, parseHex, utf8Of } from '../../base/bytes.ts';
import { ConfigError, CountersignError } from '../../base/errors.ts';
import { schemes } from '../../crypto/key-algorithm.ts';
import { parsePublicKeyDer } from '../../crypto/public-key.ts';
import type { PublicKey } from '../../crypto/public-key.ts';
import { verifyByScheme } from '../../crypto/signature.ts';
import type { Checkpoint } from './checkpoint.ts';
import { noteKeyHintOf } from './note-signature.ts';
import { noteBytesOf } from './note.ts';
import type { NoteSignature } from './note.ts';

/** A witness's key as it is configured. */
export interface WitnessKey {
  readonly name: string;
  /** 4 bytes. */
  readonly keyHint: Uint8Array;
  readonly key: PublicKey;
}

const VERIFIER_KEY = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/;
const COSIGNATURE_TYPE = 0x04;
const ED25519_POINT_BYTES = 32;
const ED25519_SPKI_START = parseHex('302a300506032b6570032100');
const TIME_BYTES = 8;
const SIGNATURE_BYTES = TIME_BYTES + 64;

/** Reads "name+hint+base64", the key of an Ed25519 witness. Throws WITNESS_KEY_INVALID. */
export function parseWitnessKey(text: string): WitnessKey {
  const [, name, hint, encoded] = VERIFIER_KEY.exec(text) ?? [];
  if (name === undefined || hint === undefined || encoded === undefined) {
    throw invalid('expected a name, eight hexadecimal digits and base64, joined by plus signs');
  }
  const { type, point } = materialOf(encoded);
  if (type !== COSIGNATURE_TYPE || point.length !== ED25519_POINT_BYTES) {
    throw invalid(`the key of ${name} is not of type 4, an Ed25519 key for cosignatures`);
  }
  const keyHint = noteKeyHintOf(name, type, point);
  if (!isSameBytes(keyHint, parseHex(hint))) {
    throw invalid(`the key of ${name} has the hint ${hexOf(keyHint)}, not ${hint}`);
  }
  try {
    return { name, keyHint, key: parsePublicKeyDer(concatBytes([ED25519_SPKI_START, point]), 'spki') };
  } catch (error) {
    throw error instanceof CountersignError ? invalid(`the key of ${name}: ${error.message}`) : error;
  }
}

/** When the witness signed this checkpoint; undefined when this is no signature of its key over it. */
export async function cosignatureTimeOf(
  { signedBytes }: Checkpoint,
  { name, keyHint, signature }: NoteSignature,
  witness: WitnessKey,
): Promise<Date | undefined> {
  if (name !== witness.name || !isSameBytes(keyHint, witness.keyHint) || signature.length !== SIGNATURE_BYTES) {
    return undefined;
  }
  const seconds = new DataView(signature.buffer, signature.byteOffset).getBigUint64(0);
  const message = concatBytes([utf8Of(`cosignature/v1\ntime ${seconds}\n`), signedBytes]);
  return (await verifyByScheme(schemes.ed25519, witness.key, message, signature.subarray(TIME_BYTES)))
    ? new Date(Number(seconds) * 1000)
    : undefined;
}

function materialOf(encoded: string): { readonly type: number | undefined; readonly point: Uint8Array } {
  try {
    const bytes = noteBytesOf(encoded);
    return { type: bytes[0], point: bytes.subarray(1) };
  } catch (error) {
    throw error instanceof CountersignError ? invalid('the key is not base64') : error;
  }
}

function invalid(why: string): ConfigError {
  return new ConfigError('WITNESS_KEY_INVALID', `witness key: ${why}`);
}
