/** Signed entry timestamps: by these a log of Rekor v1 promises that it has an entry, and since when. */

import { base64Of, hexOf, latin1Of } from '../../base/bytes.ts';
import type { LogEntry } from './log-entry.ts';

/** The bytes that the log signs: four members as canonical JSON, which sorts names and writes no spaces.
 *  @source RFC 8785; sigstore/rekor pkg/verify, SignedEntryTimestamp */
export function promisedBytesOf(entry: Pick<LogEntry, 'body' | 'integratedTime' | 'logId' | 'logIndex'>): Uint8Array {
  const { body, integratedTime = 0n, logId, logIndex } = entry;
  const time = `"integratedTime":${integratedTime}`;
  const place = `"logID":"${hexOf(logId)}","logIndex":${logIndex}`;
  return latin1Of(`{"body":"${base64Of(body)}",${time},${place}}`);
}
