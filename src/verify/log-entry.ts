/** Judges one log entry, and says what it proves. */

import { hexOf } from '../base/bytes.ts';
import { limits } from '../base/limits.ts';
import { rfc3339Of } from '../base/time.ts';
import type { LogEntry } from '../formats/tlog/log-entry.ts';
import { checkLogBody } from './log-body.ts';
import type { SignedHash } from './log-body.ts';
import { checkCheckpoint, checkInclusion, checkPromise } from './log-inclusion.ts';
import type { Proof } from './proof.ts';
import { failed, passed } from './shared-steps.ts';
import type { TrustedLogKey } from './trust-material.ts';
import { isWithin, periodTextOf } from './validity.ts';
import type { Check, ProvenEntry, ProvenTime } from './verdict.ts';

export interface EntryFindings {
  readonly checks: readonly Check[];
  /** There when every check passed. */
  readonly entry?: ProvenEntry;
  /** There when the log signed it, too. */
  readonly time?: ProvenTime;
}

/** The end of the year 9999, in seconds. */
const LAST_SECOND = 253_402_300_799n;

/** `log` is the trusted log with the entry's log id; undefined: nobody who is trusted says anything. */
export async function judgeLogEntry(
  proof: Proof,
  entry: LogEntry,
  log: TrustedLogKey | undefined,
  signedHash: SignedHash,
): Promise<EntryFindings> {
  if (log === undefined) {
    return { checks: [unknownLog(entry)] };
  }
  const { entity, policy } = proof;

  // 1. It is about this signature.
  const body = checkLogBody(proof, entry, signedHash);

  // 2. The log promised it, where it did or where this form of signature needs that.
  const promise = await judgePromise(entry, entity.logEvidence, log);
  const isPromised = promise?.status === 'pass';

  // 3. The log has it, likewise.
  const inclusion = await judgeInclusion(entry, entity.logEvidence, log);

  // 4. When: the log's word only where a promise covers it. An unsigned time is not looked at.
  const instant = isPromised ? instantOf(entry) : undefined;
  const time = isPromised ? checkEntryTime(instant, log, policy.now) : undefined;

  const made = [body, promise, ...inclusion, time].filter((check) => check !== undefined);
  const checks = made.map((check) => (check.status === 'pass' ? check : { note: nameOf(entry, log), ...check }));
  return checks.every(({ status }) => status === 'pass') ? { checks, ...proven(entry, log, instant) } : { checks };
}

async function judgePromise(
  entry: LogEntry,
  evidence: 'promise' | 'proof',
  log: TrustedLogKey,
): Promise<Check | undefined> {
  if (entry.promise !== undefined) {
    return checkPromise(entry, entry.promise, log);
  }
  return evidence === 'proof'
    ? undefined
    : failed('log.promise', 'The log signed for the entry', {
        expected: 'a signed entry timestamp, which a signature of this form needs',
        seen: 'none',
      });
}

async function judgeInclusion(
  entry: LogEntry,
  evidence: 'promise' | 'proof',
  log: TrustedLogKey,
): Promise<readonly Check[]> {
  const { proof } = entry;
  if (proof === undefined) {
    const facts = { expected: 'a proof of inclusion, which a bundle of this version needs', seen: 'none' };
    return evidence === 'promise' ? [] : [failed('log.proof', "The entry is in the log's tree", facts)];
  }
  const inclusion = checkInclusion(entry, proof);
  // Without a checkpoint nobody signed for the tree that the proof is about.
  return proof.checkpoint === undefined
    ? [inclusion, failed('log.checkpoint', 'The log signed the tree', { expected: 'a checkpoint', seen: 'none' })]
    : [inclusion, await checkCheckpoint(entry, proof, proof.checkpoint, log)];
}

function checkEntryTime(instant: Date | undefined, log: TrustedLogKey, now: Date): Check {
  const title = 'The log took the entry while its key was in use';
  const seen = instant === undefined ? 'no time' : rfc3339Of(instant);
  if (instant === undefined || !isWithin(log.validFor, instant)) {
    return failed('log.time', title, { expected: periodTextOf(log.validFor), seen });
  }
  return instant.getTime() > now.getTime() + limits.clockSkewMs
    ? failed('log.time', title, {
        expected: `not after ${rfc3339Of(now)}`,
        seen,
        next: "Check this machine's clock.",
      })
    : passed('log.time', title, { seen });
}

function instantOf({ integratedTime }: LogEntry): Date | undefined {
  return integratedTime === undefined || integratedTime > LAST_SECOND
    ? undefined
    : new Date(Number(integratedTime) * 1000);
}

function proven(entry: LogEntry, log: TrustedLogKey, instant: Date | undefined): Omit<EntryFindings, 'checks'> {
  const { baseUrl, logIdHex } = log;
  const { kind, version } = entry;
  // Beside a promise the index in the whole log is signed; otherwise only the one in the tree is.
  const logIndex = instant === undefined ? (entry.proof?.logIndex ?? entry.logIndex) : entry.logIndex;
  const facts = { logIdHex, baseUrl, logIndex, kind, version };
  return instant === undefined
    ? { entry: facts }
    : { entry: { ...facts, integratedTime: instant }, time: { instant, source: 'log', by: baseUrl } };
}

function unknownLog({ logId, kind, version }: LogEntry): Check {
  return {
    step: 'log.entry',
    title: 'The entry is of a trusted log',
    status: 'skip',
    seen: `${kind.slice(0, 40)} ${version.slice(0, 40)} of the log ${hexOf(logId)}`,
    note: 'not counted: the trust material names no such log',
  };
}

function nameOf({ logIndex }: LogEntry, { baseUrl }: TrustedLogKey): string {
  return `entry ${logIndex} of ${baseUrl}`;
}
