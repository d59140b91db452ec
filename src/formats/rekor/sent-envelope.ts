/** Envelopes inside proposed entries, where they stand as JSON in a text. */

import { base64Of } from '../../base/bytes.ts';
import { decodeDocument } from '../../base/decode.ts';
import { InputError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import { decodeEnvelope } from '../dsse/envelope.ts';
import type { Envelope } from '../dsse/envelope.ts';
import { parseEntrySigner } from './entry-signer.ts';
import type { EntrySigner } from './entry-signer.ts';

/** Reads an envelope with one to `limits.entrySignatures` signatures, each given once.
 *  Throws LOG_ENTRY_MALFORMED, JSON_SHAPE, BASE64_MALFORMED and what `parseJson` throws. */
export function parseSentEnvelope(text: string): Envelope {
  const what = 'envelope of the proposed entry';
  const envelope = decodeDocument(parseJson(text, { what, maxBytes: limits.rekorRequestBytes }), decodeEnvelope, what);
  return { ...envelope, signatures: requireSignatures(envelope.signatures) };
}

/** Throws LOG_ENTRY_MALFORMED where there is none, or there are too many, or one stands there twice. */
export function requireSignatures(signatures: readonly Uint8Array[]): readonly Uint8Array[] {
  requireNumber(signatures.length, 'signatures');
  if (new Set(signatures.map(base64Of)).size !== signatures.length) throw malformed('repeats a signature');
  return signatures;
}

/** Reads the signers sent with an envelope. Throws LOG_ENTRY_MALFORMED where there is none, or there are too many, and
 *  what `parseEntrySigner` throws. */
export function parseSigners(pems: readonly Uint8Array[]): readonly EntrySigner[] {
  // Before they are read, which takes time.
  requireNumber(pems.length, 'verifiers');
  return pems.map(parseEntrySigner);
}

function requireNumber(count: number, what: string): void {
  if (count === 0 || count > limits.entrySignatures) {
    throw malformed(`${count} ${what}, expected 1 to ${limits.entrySignatures}`);
  }
}

function malformed(why: string): InputError {
  return new InputError('LOG_ENTRY_MALFORMED', `envelope of the proposed entry: ${why}`);
}
