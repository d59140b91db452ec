/** What a log of Rekor v1 is sent and what it answers, as its clients see it.
 *  @source github.com/sigstore/rekor, openapi.yaml; pkg/types/hashedrekord/v0.0.1, pkg/types/dsse/v0.0.1 */

import { base64Of, hexOf, parseHex, parseUtf8, utf8Of } from '../../base/bytes.ts';
import { decodeArray, decodeCount, decodeDocument, decodeMap, decodeObject, decodeString } from '../../base/decode.ts';
import type { Decoder } from '../../base/decode.ts';
import { InputError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import { decodeBytes } from '../proto-json.ts';
import { requireLogId } from '../tlog/log-entry.ts';
import type { LogEntry } from '../tlog/log-entry.ts';
import { parseEntryKind } from './entry-body.ts';

/** What goes into the log. */
export type LoggedContent =
  /** A signature over something of which the log sees the SHA-256. */
  | { readonly kind: 'hashedrekord'; readonly signature: Uint8Array; readonly sha256: Uint8Array }
  /** A whole envelope; the log keeps its hash and that of its payload. */
  | { readonly kind: 'dsse'; readonly envelope: Uint8Array };

/** The body of POST /api/v1/log/entries. `signerPem`: the public key or certificate that verifies. */
export function encodeLogRequest(content: LoggedContent, signerPem: string): Uint8Array {
  const signer = base64Of(utf8Of(signerPem));
  const spec =
    content.kind === 'hashedrekord'
      ? {
          data: { hash: { algorithm: 'sha256', value: hexOf(content.sha256) } },
          signature: { content: base64Of(content.signature), publicKey: { content: signer } },
        }
      : { proposedContent: { envelope: parseUtf8(content.envelope), verifiers: [signer] } };
  return utf8Of(JSON.stringify({ apiVersion: '0.0.1', kind: content.kind, spec }));
}

const decodeHex: Decoder<Uint8Array> = (value, path) => parseHex(decodeString(value, path));

const decodeAnswer = decodeMap(
  decodeObject({
    body: decodeBytes,
    integratedTime: decodeCount,
    logID: decodeHex,
    logIndex: decodeCount,
    verification: decodeObject({
      signedEntryTimestamp: decodeBytes,
      inclusionProof: decodeObject({
        logIndex: decodeCount,
        treeSize: decodeCount,
        rootHash: decodeHex,
        hashes: decodeArray(decodeHex),
        checkpoint: decodeString,
      }),
    }),
  }),
);

/** Reads the answer: one entry, with promise and proof. Nothing of it is checked yet.
 *  Throws LOG_ENTRY_MALFORMED, JSON_MALFORMED, JSON_SHAPE, BASE64_MALFORMED, HEX_MALFORMED, INPUT_TOO_LARGE. */
export function parseLogAnswer(bytes: Uint8Array): LogEntry {
  const what = "the log's answer";
  const entries = decodeDocument(parseJson(bytes, { what, maxBytes: limits.serviceAnswerBytes }), decodeAnswer, what);
  const [entry, ...more] = Object.values(entries);
  if (entry === undefined || more.length > 0) {
    throw new InputError('LOG_ENTRY_MALFORMED', `${what}: ${Object.keys(entries).length} entries, expected one`);
  }
  const { body, integratedTime, logID, logIndex, verification } = entry;
  const { inclusionProof: proof, signedEntryTimestamp: promise } = verification;
  return {
    logId: requireLogId(logID, what),
    logIndex: BigInt(logIndex),
    ...parseEntryKind(body),
    integratedTime: integratedTime === 0 ? undefined : BigInt(integratedTime),
    body,
    promise,
    proof: { ...proof, logIndex: BigInt(proof.logIndex), treeSize: BigInt(proof.treeSize) },
  };
}
