/** The state of a log: one small object, exchanged by compare-and-swap. A batch is in the log when this says so. */

import { base64Of, concatBytes, isSameBytes, parseBase64, utf8Of } from '../../base/bytes.ts';
import { decodeCount, decodeDocument, decodeLiteral, decodeObject, decodeString } from '../../base/decode.ts';
import type { Decoder } from '../../base/decode.ts';
import { CountersignError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import { sha256HexOf } from '../../crypto/hash.ts';
import { damaged } from './log-damage.ts';
import type { TreeHead } from './tile-log.ts';

export interface LogState {
  readonly head: TreeHead;
  /** Name of the staging object of the batch that led here; empty for a log that has just begun. */
  readonly staging: string;
  /** Of the tree before it: whose partial tiles may still be there. */
  readonly previousSize: bigint;
}

/** SHA-256 in hexadecimal, and the end of the line. */
const DIGEST_LINE_BYTES = 65;

const decodeSize: Decoder<bigint> = (value, path) => {
  const text = decodeString(value, path);
  if (!/^(?:0|[1-9]\d{0,18})$/.test(text)) throw damaged(`${path}: not a size`);
  return BigInt(text);
};
const decodeState = decodeObject({
  version: decodeLiteral(1),
  size: decodeSize,
  root: decodeString,
  timeMs: decodeCount,
  checkpoint: decodeString,
  staging: decodeString,
  previousSize: decodeSize,
});

/** A document under the line of its digest, which tells bytes that changed on the disk from those that were written. */
export function encodeLogState({ head, staging, previousSize }: LogState): Uint8Array {
  const state = {
    version: 1,
    size: `${head.size}`,
    root: base64Of(head.root),
    timeMs: head.time.getTime(),
    checkpoint: head.checkpoint,
    staging,
    previousSize: `${previousSize}`,
  };
  const document = utf8Of(`${JSON.stringify(state, undefined, 2)}\n`);
  return concatBytes([digestLineOf(document), document]);
}

/** Throws LOG_DAMAGED. */
export function parseLogState(bytes: Uint8Array): LogState {
  const what = 'state of the log';
  try {
    const document = bytes.subarray(DIGEST_LINE_BYTES);
    if (!isSameBytes(bytes.subarray(0, DIGEST_LINE_BYTES), digestLineOf(document))) {
      throw damaged(`${what}: not what was written`);
    }
    const state = decodeDocument(
      parseJson(document, { what, maxBytes: limits.checkpointCharacters * 4 }),
      decodeState,
      what,
    );
    const { size, timeMs, checkpoint, staging, previousSize } = state;
    return {
      head: { size, root: parseBase64(state.root), time: new Date(timeMs), checkpoint },
      staging,
      previousSize,
    };
  } catch (cause) {
    throw cause instanceof CountersignError && cause.code !== 'LOG_DAMAGED'
      ? new CountersignError('LOG_DAMAGED', `${what}: ${cause.message}`, { cause })
      : cause;
  }
}

function digestLineOf(document: Uint8Array): Uint8Array {
  return utf8Of(`${sha256HexOf(document)}\n`);
}
