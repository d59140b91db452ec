/** Step 9: the certificate names somebody who may sign. */

import { CountersignError } from '../base/errors.ts';
import { nearestMissOf, nearMissText } from './near-miss.ts';
import type { SignerPolicy } from './policy.ts';
import type { Proof } from './proof.ts';
import { failed, passed } from './shared-steps.ts';
import { describeIdentities, describeSigner, matchingSubjectOf, quoted, signerNamesOf } from './signer-names.ts';
import type { SignerNames } from './signer-names.ts';
import type { Check } from './verdict.ts';

const STEP = 'identity';
const TITLE = 'The certificate names somebody who may sign';

/** Gives the identity by which the certificate was accepted. */
export function checkIdentity(proof: Proof): Proof {
  const { policy, certificate, checks } = proof;
  const { signer } = policy;
  if (signer.kind === 'keys' || certificate === undefined) {
    return proof;
  }
  try {
    const names = signerNamesOf(certificate);
    const subject = acceptedSubjectOf(signer, names);
    const check = checkOf(signer, names, subject);
    return subject === undefined
      ? { ...proof, checks: [...checks, check] }
      : { ...proof, identity: { subject, issuer: names.issuer }, checks: [...checks, check] };
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    const facts = { expected: 'names that can be read', seen: error.message };
    return { ...proof, checks: [...checks, failed(STEP, TITLE, facts)] };
  }
}

type CertificatePolicy = Exclude<SignerPolicy, { readonly kind: 'keys' }>;

function acceptedSubjectOf(signer: CertificatePolicy, names: SignerNames): string | undefined {
  if (signer.kind === 'unsafe-anyone') return names.subjects[0];
  for (const identity of signer.identities) {
    const subject = matchingSubjectOf(identity, names);
    if (subject !== undefined) return subject;
  }
  return undefined;
}

function checkOf(signer: CertificatePolicy, names: SignerNames, subject: string | undefined): Check {
  const seen = describeSigner(names);
  if (signer.kind === 'unsafe-anyone') {
    return subject === undefined
      ? failed(STEP, TITLE, { expected: 'a certificate that names somebody', seen })
      : { step: STEP, title: TITLE, status: 'skip', seen, note: 'that is for a policy to say' };
  }
  return subject === undefined
    ? failed(STEP, TITLE, {
        expected: describeIdentities(signer.identities),
        seen,
        note: nearMissText(nearestMissOf(signer.identities, names)),
        next: 'Find out whether this signer should have signed. If not, do not use what was signed.',
      })
    : passed(STEP, TITLE, acceptedFacts(names, subject, seen));
}

function acceptedFacts(names: SignerNames, subject: string, seen: string): Pick<Check, 'seen' | 'note'> {
  const isOnly = names.subjects.length + names.unread.length === 1;
  return isOnly ? { seen } : { seen, note: `${quoted(subject)} is one of several names: ${seen}` };
}
