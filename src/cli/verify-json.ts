/** The JSON report of a verification. Its members are named one by one: scripts read them, so none comes or goes by
 *  accident. */

import type { ImageReport, SignatureReport, SourceReport } from '../flows/verify-report.ts';
import { sha256HexOf } from '../crypto/hash.ts';
import { fulcioExtensionsOf } from '../formats/x509/fulcio-extensions.ts';
import { referenceNameOf } from '../formats/oci/reference.ts';
import type { ProvenEntry, ProvenSigner, Verdict } from '../verify/verdict.ts';
import type { Report } from './command.ts';
import { failureReport } from './failure.ts';

export function imageReportJson(image: ImageReport): Report {
  return {
    reference: referenceNameOf(image.reference),
    resolved: image.resolved,
    digest: image.digest,
    platform: image.platform,
    outcome: image.outcome,
    exit: image.exit,
    summary: image.summary,
    isClaimsChecked: image.isClaimsChecked,
    failed: image.failed,
    checks: image.checks,
    sources: image.sources.map(sourceJson),
    signatures: image.signatures.map(signatureJson),
    children: image.children.length === 0 ? undefined : image.children.map(imageReportJson),
  };
}

/** One place where signatures may be. */
export function sourceJson({ form, place, status, foundCount, error }: SourceReport): Report {
  return { form, place, status, foundCount, ...(error === undefined ? {} : failureReport(error)) };
}

function signatureJson({ form, origin, verdict }: SignatureReport): Report {
  return { form, origin, ...verdictJson(verdict) };
}

/** A verdict with its proof; a key is named by its fingerprint, a certificate by whom it names. */
export function verdictJson(verdict: Verdict): Report {
  const { status, checks } = verdict;
  if (verdict.status !== 'verified') return { status, failed: verdict.failed, checks };
  const { signer, scheme, claims, isClaimsChecked, statement, times, entries } = verdict.evidence;
  return {
    status,
    isClaimsChecked,
    ...signerJson(signer),
    scheme,
    claims,
    statement,
    times,
    entries: entries.map(entryJson),
    checks,
  };
}

function signerJson(signer: ProvenSigner): Report {
  return signer.kind === 'key'
    ? { signer: `sha256:${signer.key.fingerprint}`, algorithm: signer.key.algorithm }
    : {
        signer: signer.subject,
        issuer: signer.issuer,
        certificate: `sha256:${sha256HexOf(signer.certificate.der)}`,
        extensions: Object.fromEntries(fulcioExtensionsOf(signer.certificate)),
      };
}

/** Log indexes as text: they can exceed what JSON numbers hold in every reader. */
function entryJson({ logIndex, ...entry }: ProvenEntry): Report {
  return { ...entry, logIndex: `${logIndex}` };
}
