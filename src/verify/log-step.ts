/** Step 3: trusted transparency logs hold this very signature, and signed for it. */

import { isSameBytes } from '../base/bytes.ts';
import { limits } from '../base/limits.ts';
import { signedHashOf } from './log-body.ts';
import { judgeLogEntry } from './log-entry.ts';
import type { EntryFindings } from './log-entry.ts';
import type { LogPolicy } from './policy.ts';
import type { Proof } from './proof.ts';
import { failed, passed } from './shared-steps.ts';
import type { Check } from './verdict.ts';

const TITLE = 'The signature is in a transparency log';

/** Gives the entries of trusted logs, and the times that these signed. An entry of an unknown log counts for nothing; one
 *  of a known log that is wrong rejects. */
export async function checkLog(proof: Proof): Promise<Proof> {
  const { entity, policy, signed } = proof;

  // 1. Did anybody ask for a log, and is there anything to look at?
  if (policy.log.kind === 'ignored' || policy.log.kind === 'none-configured') {
    return { ...proof, checks: [...proof.checks, notAsked(policy.log)] };
  }
  const count = entity.logEntries.length;
  if (count === 0 || count > limits.logEntries) {
    return { ...proof, checks: [...proof.checks, wrongCount(count)] };
  }

  // 2. Each entry by itself.
  const signedHash = signedHashOf(signed);
  const findings: EntryFindings[] = [];
  const signers = new Set<string>();
  for (const entry of entity.logEntries) {
    const log = policy.trust.logs.find(({ logId }) => isSameBytes(logId, entry.logId));
    const finding = await judgeLogEntry(proof, entry, log, signedHash);
    findings.push(finding);
    if (finding.entry !== undefined && log !== undefined) signers.add(log.key.fingerprint);
  }

  // 3. Enough different logs. Where an entry is wrong, that is the thing to tell.
  const checks = findings.flatMap((each) => each.checks);
  const entries = findings.flatMap(({ entry }) => entry ?? []);
  const isSound = checks.every(({ status }) => status === 'pass' || status === 'skip');
  return {
    ...proof,
    checks: [...proof.checks, ...checks, ...(isSound ? [checkCount(signers.size, policy.log.threshold)] : [])],
    entries: [...proof.entries, ...entries],
    times: [...proof.times, ...findings.flatMap(({ time }) => time ?? [])],
  };
}

function notAsked(log: Exclude<LogPolicy, { readonly kind: 'required' }>): Check {
  const why = log.kind === 'ignored' ? log.by : 'none configured';
  return { step: 'log', title: TITLE, status: 'skip', note: `transparency log: not checked (${why})` };
}

function wrongCount(count: number): Check {
  return failed('log', TITLE, {
    expected: 'an entry of a trusted transparency log',
    seen: count === 0 ? 'no log entry' : `${count} log entries, of which at most ${limits.logEntries} are read`,
    next: 'Sign again with the transparency log in use.',
  });
}

/** Counts logs by their keys, not entries: one log alone never makes two, under two names neither (CVE-2026-49834). */
function checkCount(logs: number, threshold: number): Check {
  const facts = { expected: `entries of ${countOf(threshold)}`, seen: `entries of ${countOf(logs)}` };
  return logs >= threshold && threshold >= 1
    ? passed('log', TITLE, facts)
    : failed('log', TITLE, {
        ...facts,
        next: "Use the trusted root of the services that the signer used, or have it signed again with this one's.",
      });
}

function countOf(logs: number): string {
  return logs === 1 ? '1 trusted log' : `${logs} trusted logs`;
}
