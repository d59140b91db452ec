/** What is said of the proofs beside a signature that was just made. */

import { rfc3339Of } from '../base/time.ts';
import type { SignatureMaterial } from '../formats/signature-material.ts';
import type { LogEntry } from '../formats/tlog/log-entry.ts';

/** One line for each log entry. `logs`: addresses, in the order of the entries. */
export function logLines({ logEntries }: SignatureMaterial, logs: readonly string[]): readonly string[] {
  return logEntries.map(({ logIndex }, at) => `tlog entry created with index: ${logIndex} in ${logs[at] ?? ''}`);
}

/** For --json. */
export function materialJson({ logEntries, timestamps }: SignatureMaterial, logs: readonly string[]): object {
  return {
    ...(logEntries.length === 0 ? {} : { logEntries: logEntries.map((entry, at) => entryJsonOf(entry, logs[at])) }),
    ...(timestamps.length === 0 ? {} : { timestamps: timestamps.length }),
  };
}

function entryJsonOf({ logIndex, integratedTime }: LogEntry, log: string | undefined): object {
  const instant = integratedTime === undefined ? undefined : new Date(Number(integratedTime) * 1000);
  return { log, index: `${logIndex}`, integratedTime: instant && rfc3339Of(instant) };
}
