/** The JSON report of a verification. Its members are named one by one: scripts read them, so none comes or goes by
 *  accident. */

import type { ImageReport, SignatureReport } from '../flows/verify-report.ts';
import { referenceNameOf } from '../formats/oci/reference.ts';
import type { Verdict } from '../verify/verdict.ts';
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
    sources: image.sources.map(({ form, place, status, foundCount, error }) => ({
      form,
      place,
      status,
      foundCount,
      ...(error === undefined ? {} : failureReport(error)),
    })),
    signatures: image.signatures.map(signatureJson),
    children: image.children.length === 0 ? undefined : image.children.map(imageReportJson),
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
