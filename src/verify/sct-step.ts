/** Step 8: a trusted log has seen the certificate, so that whoever watches the log can see it too. */

import { hexOf, isSameBytes } from '../base/bytes.ts';
import { CountersignError } from '../base/errors.ts';
import { rfc3339Of } from '../base/time.ts';
import type { Scheme } from '../crypto/key-algorithm.ts';
import { verifyByScheme } from '../crypto/signature.ts';
import { sctsOf } from '../formats/ct/sct-list.ts';
import type { Sct } from '../formats/ct/sct-list.ts';
import { precertificateEntryOf, signedBytesOf } from '../formats/ct/signed-precertificate.ts';
import type { Certificate } from '../formats/x509/certificate.ts';
import type { Proof } from './proof.ts';
import { failed, passed } from './shared-steps.ts';
import type { TrustedLogKey } from './trust-material.ts';
import { isWithin, periodTextOf } from './validity.ts';
import type { Check } from './verdict.ts';

const TITLE = 'A trusted log has seen the certificate';
const EXPECTED = 'a signed certificate timestamp of a trusted log';
const NEXT = 'Ask whoever runs the authority which certificate transparency log it uses, and whether you trust it.';

/** Timestamps of unknown logs do not count; one of a known log that is wrong rejects. */
export async function checkSct(proof: Proof): Promise<Proof> {
  const { certificate, issuer, policy, checks } = proof;
  if (certificate === undefined || issuer === undefined || policy.signer.kind === 'keys') {
    return proof;
  }
  const skipped = skipOf(proof);
  return { ...proof, checks: [...checks, skipped ?? (await judge(certificate, issuer, policy.trust.ctLogs))] };
}

function skipOf({ policy: { signer, trust } }: Proof): Check | undefined {
  if (signer.kind === 'identities' && signer.sct.kind === 'ignored') {
    return { step: 'sct', title: TITLE, status: 'skip', note: `not checked: ${signer.sct.by}` };
  }
  return signer.kind === 'unsafe-anyone' && trust.ctLogs.length === 0
    ? { step: 'sct', title: TITLE, status: 'skip', note: 'no certificate transparency log is trusted' }
    : undefined;
}

async function judge(certificate: Certificate, issuer: Certificate, logs: readonly TrustedLogKey[]): Promise<Check> {
  try {
    const scts = sctsOf(certificate);
    if (scts === undefined) {
      return failed('sct', TITLE, { expected: EXPECTED, seen: 'no signed certificate timestamp', next: NEXT });
    }
    return await judgeTimestamps(scts, precertificateEntryOf(certificate, issuer), logs);
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    return failed('sct', TITLE, { expected: EXPECTED, seen: error.message });
  }
}

async function judgeTimestamps(
  scts: readonly Sct[],
  entry: Uint8Array,
  logs: readonly TrustedLogKey[],
): Promise<Check> {
  const seen: string[] = [];
  for (const sct of scts) {
    const log = logs.find(({ logId }) => isSameBytes(logId, sct.logId));
    if (log === undefined) continue;
    const fault = await faultOf(sct, entry, log);
    const facts = { expected: EXPECTED, seen: `${rfc3339Of(sct.timestamp)} by ${log.baseUrl}` };
    if (fault !== undefined) return failed('sct', TITLE, { ...facts, seen: `${facts.seen}: ${fault}` });
    seen.push(facts.seen);
  }
  const unknown = scts.filter(({ logId }) => !logs.some((log) => isSameBytes(log.logId, logId)));
  const strangers = unknown.map(({ logId }) => hexOf(logId)).join(', ');
  if (seen.length === 0) {
    return failed('sct', TITLE, { expected: EXPECTED, seen: `timestamps of unknown logs: ${strangers}`, next: NEXT });
  }
  const note = unknown.length === 0 ? {} : { note: `timestamps of unknown logs do not count: ${strangers}` };
  return passed('sct', TITLE, { seen: seen.join('; '), ...note });
}

async function faultOf(sct: Sct, entry: Uint8Array, log: TrustedLogKey): Promise<string | undefined> {
  if (!isWithin(log.validFor, sct.timestamp)) {
    return `the log is trusted ${periodTextOf(log.validFor)}`;
  }
  if (!isNamedBy(sct, log.scheme)) {
    return `its signature is not by ${log.scheme.name}`;
  }
  const isSigned = await verifyByScheme(log.scheme, log.key, signedBytesOf(sct, entry), sct.signature);
  return isSigned ? undefined : 'its signature does not fit this certificate';
}

/** The log's key decides how it signs; what the timestamp says must agree. */
function isNamedBy({ hash, keyType }: Sct, scheme: Scheme): boolean {
  return keyType === scheme.kind.replace(/-pkcs1$/, '') && hash === scheme.hash;
}
