/** The JSON report of a verification. Its members are stable: they are documented in docs/cli/verify.md. */

import type { ImageReport, SignatureReport } from '../flows/verify-report.ts';
import { referenceNameOf } from '../formats/oci/reference.ts';
import type { Verdict } from '../verify/verdict.ts';
import type { Report } from './command.ts';
import { failureReport } from './failure.ts';

export function imageReportJson(image: ImageReport): Report {
  const {
    reference,
    resolved,
    digest,
    platform,
    outcome,
    exit,
    summary,
    isClaimsChecked,
    checks,
    failed,
    sources,
    signatures,
    children,
  } = image;
  return {
    reference: referenceNameOf(reference),
    resolved,
    digest,
    platform,
    outcome,
    exit,
    summary,
    isClaimsChecked,
    failed,
    checks,
    sources: sources.map(({ form, place, status, foundCount, error }) => ({
      form,
      place,
      status,
      foundCount,
      ...(error === undefined ? {} : failureReport(error)),
    })),
    signatures: signatures.map(signatureJson),
    children: children.length === 0 ? undefined : children.map(imageReportJson),
  };
}

function signatureJson({ form, origin, verdict }: SignatureReport): Report {
  return { form, origin, ...verdictJson(verdict) };
}

/** A verdict with its proof; the key is named by its fingerprint. */
export function verdictJson(verdict: Verdict): Report {
  const { status, checks } = verdict;
  if (verdict.status !== 'verified') return { status, failed: verdict.failed, checks };
  const { key, scheme, claims } = verdict.evidence;
  return { status, signer: `sha256:${key.fingerprint}`, algorithm: key.algorithm, scheme, claims, checks };
}
