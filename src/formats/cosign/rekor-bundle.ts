/** The log entry that cosign stores beside its older signatures. @source sigstore/cosign pkg/cosign/bundle/rekor.go */

import { base64Of, hexOf, parseHex } from '../../base/bytes.ts';
import { decodeCount, decodeObject, decodeString } from '../../base/decode.ts';
import type { Decoder } from '../../base/decode.ts';
import { InputError } from '../../base/errors.ts';
import type { JsonValue } from '../../base/json.ts';
import { decodeBytes } from '../proto-json.ts';
import { parseEntryKind } from '../rekor/entry-body.ts';
import { requireLogId } from '../tlog/log-entry.ts';
import type { LogEntry } from '../tlog/log-entry.ts';

const decodeMembers = decodeObject({
  SignedEntryTimestamp: decodeBytes,
  Payload: decodeObject({
    body: decodeBytes,
    integratedTime: decodeCount,
    logIndex: decodeCount,
    logID: decodeString,
  }),
});

/** Reads an entry, whose kind stands in its body only. It has a promise and no proof.
 *  Throws JSON_SHAPE, JSON_MALFORMED, BASE64_MALFORMED, HEX_MALFORMED, LOG_ENTRY_MALFORMED. */
export const decodeRekorBundle: Decoder<LogEntry> = (value, path) => {
  const { SignedEntryTimestamp: promise, Payload: payload } = decodeMembers(value, path);
  const logId = requireLogId(parseHex(payload.logID), path);
  // The log signed this text: two spellings of it would be two promises.
  if (hexOf(logId) !== payload.logID) {
    throw new InputError('LOG_ENTRY_MALFORMED', `${path}: a log id with capital digits`);
  }
  return {
    logId,
    logIndex: BigInt(payload.logIndex),
    ...parseEntryKind(payload.body),
    integratedTime: payload.integratedTime === 0 ? undefined : BigInt(payload.integratedTime),
    body: payload.body,
    promise,
    proof: undefined,
  };
};

/** The entry as cosign stores it, members in its order. */
export function rekorBundleOf({ logId, logIndex, integratedTime = 0n, body, promise }: LogEntry): JsonValue {
  return {
    SignedEntryTimestamp: base64Of(promise ?? new Uint8Array()),
    Payload: {
      body: base64Of(body),
      integratedTime: Number(integratedTime),
      logIndex: Number(logIndex),
      logID: hexOf(logId),
    },
  };
}
