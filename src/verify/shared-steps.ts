/** What all steps use: how checks are written, and how they make a verdict. */

import type { PublicKey } from '../crypto/public-key.ts';
import type { Proof } from './proof.ts';
import type { Check, Evidence, Findings, ProvenSigner, SignedClaims, StepName, Verdict } from './verdict.ts';

export function passed(step: StepName, title: string, facts: Omit<Check, 'step' | 'title' | 'status'> = {}): Check {
  return { step, title, status: 'pass', ...facts };
}

export function failed(step: StepName, title: string, facts: Omit<Check, 'step' | 'title' | 'status'>): Check {
  return { step, title, status: 'fail', ...facts };
}

/** Whether it keeps the signature from being verified: it failed, or could not look. */
export function isDecisive({ status }: Check): boolean {
  return status === 'fail' || status === 'unknown';
}

/** Verified if every check passed or was skipped; otherwise the first that did not decides. */
export function verdictOf(
  checks: readonly Check[],
  evidence: Omit<Evidence, 'checks'> | undefined,
  found?: Findings,
): Verdict {
  const decisive = checks.find(isDecisive);
  if (decisive !== undefined) {
    const status = decisive.status === 'fail' ? 'rejected' : 'unknown';
    return { status, failed: decisive, checks, ...(found === undefined ? {} : { found: findingsOf(found) }) };
  }
  if (evidence === undefined) {
    throw new TypeError('a verdict without evidence needs a failed check');
  }
  return { status: 'verified', evidence: { ...evidence, checks }, checks };
}

/** What the steps proved, or undefined when one of them did not get to its end. */
export function evidenceOf(
  proof: Proof,
  claims: SignedClaims,
  isClaimsChecked: boolean,
): Omit<Evidence, 'checks'> | undefined {
  const signer = provenSignerOf(proof);
  return signer === undefined || proof.signedBy === undefined
    ? undefined
    : {
        signer,
        scheme: proof.signedBy.scheme,
        ...findingsOf(proof),
        claims,
        isClaimsChecked: isClaimsChecked && proof.policy.signer.kind !== 'unsafe-anyone',
      };
}

function findingsOf({ times, entries, path }: Findings): Findings {
  return { times, entries, ...(path === undefined ? {} : { path }) };
}

function provenSignerOf({ policy, signedBy, certificate, identity }: Proof): ProvenSigner | undefined {
  if (policy.signer.kind === 'keys') {
    return signedBy === undefined ? undefined : { kind: 'key', key: signedBy.key };
  }
  return certificate === undefined || identity === undefined
    ? undefined
    : { kind: 'certificate', certificate, ...identity };
}

/** "a signature by the key sha256:…" or "… by one of sha256:…, sha256:…". */
export function fingerprintsOf(keys: readonly PublicKey[]): string {
  const names = keys.map((key) => `sha256:${key.fingerprint}`);
  return names.length === 1 ? `a signature by the key ${names[0]}` : `a signature by one of ${names.join(', ')}`;
}
