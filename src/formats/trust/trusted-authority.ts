/** Authorities of which somebody gave the certificates. */

import { CountersignError } from '../../base/errors.ts';
import type { Certificate } from '../x509/certificate.ts';
import { attributeTextOf, nameAttributes } from '../x509/distinguished-name.ts';
import type { TrustedAuthority, ValidityPeriod } from './trusted-root.ts';

export interface AuthorityFacts {
  readonly uri: string;
  /** Of a certificate authority the one that issues first, of a timestamp authority the one that signs; the root last. */
  readonly chain: readonly Certificate[];
  readonly validFor: ValidityPeriod;
}

/** The authority as a trusted root describes it, by the names of its root certificate. */
export function trustedAuthorityOf({ uri, chain, validFor }: AuthorityFacts): TrustedAuthority {
  return { uri, ...subjectOf(chain.at(-1)), chain: chain.map(({ der }) => der), validFor };
}

/** For people only, so a name that cannot be read is left out. */
function subjectOf(root: Certificate | undefined): Pick<TrustedAuthority, 'organization' | 'commonName'> {
  if (root === undefined) return {};
  try {
    const organization = attributeTextOf(root.subject, nameAttributes.organization);
    const commonName = attributeTextOf(root.subject, nameAttributes.commonName);
    return { ...(organization !== undefined && { organization }), ...(commonName !== undefined && { commonName }) };
  } catch (error) {
    if (error instanceof CountersignError) return {};
    throw error;
  }
}
