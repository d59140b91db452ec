/** Whether one certificate was issued by another, and which rules an issuer's certificate puts on what it issues. */

import { hexOf, isSameBytes } from '../base/bytes.ts';
import { CountersignError } from '../base/errors.ts';
import { schemeOfAlgorithmIdentifier } from '../crypto/scheme-identifier.ts';
import { verifyAtOnce } from '../crypto/signature.ts';
import type { Certificate } from '../formats/x509/certificate.ts';
import { nameTextOf } from '../formats/x509/distinguished-name.ts';
import {
  authorityKeyIdOf,
  basicConstraintsOf,
  keyUsageOf,
  keyUsages,
  subjectKeyIdOf,
} from '../formats/x509/extensions.ts';
import { keyOfCertificate } from './certificate-key.ts';

/** Why `issuer` is not the authority that issued `certificate`, for people; undefined when it is. Cheap questions first:
 *  name, key id, being an authority, the signature. @source RFC 5280 sections 6.1.3 and 6.1.4 */
export function issuanceFaultOf(certificate: Certificate, issuer: Certificate): string | undefined {
  try {
    return namingFaultOf(certificate, issuer) ?? authorityFaultOf(issuer) ?? signatureFaultOf(certificate, issuer);
  } catch (error) {
    if (error instanceof CountersignError) return error.message;
    throw error;
  }
}

/** Why an authority in this path has more authorities below it than its certificate allows; undefined when none has.
 *  `issuers`: the one that issued the leaf first. @source RFC 5280 section 4.2.1.9 */
export function pathLengthFaultOf(issuers: readonly Certificate[]): string | undefined {
  let below = 0;
  for (const issuer of issuers) {
    const allowed = basicConstraintsOf(issuer)?.pathLength;
    if (allowed !== undefined && below > allowed) {
      return `${nameTextOf(issuer.subject)} allows ${allowed} authorities below it, there are ${below}`;
    }
    below += isSelfIssued(issuer) ? 0 : 1;
  }
  return undefined;
}

export function isSelfIssued(certificate: Certificate): boolean {
  return isSameBytes(certificate.subject, certificate.issuer);
}

/** Why a certificate is not an authority's; undefined when it is. Throws CERTIFICATE_MALFORMED. */
export function authorityFaultOf(certificate: Certificate): string | undefined {
  if (basicConstraintsOf(certificate)?.isCa !== true) {
    return `${nameTextOf(certificate.subject)} is no certificate authority`;
  }
  return keyUsageOf(certificate)?.has(keyUsages.keyCertSign) === false
    ? `${nameTextOf(certificate.subject)} may not issue certificates`
    : undefined;
}

function namingFaultOf(certificate: Certificate, issuer: Certificate): string | undefined {
  if (!isSameBytes(certificate.issuer, issuer.subject)) {
    return `issued by ${nameTextOf(certificate.issuer)}, not by ${nameTextOf(issuer.subject)}`;
  }
  const [wanted, actual] = [authorityKeyIdOf(certificate), subjectKeyIdOf(issuer)];
  return wanted === undefined || actual === undefined || isSameBytes(wanted, actual)
    ? undefined
    : `issued by the key ${hexOf(wanted.subarray(0, 64))}, not by ${hexOf(actual)} of ${nameTextOf(issuer.subject)}`;
}

function signatureFaultOf(certificate: Certificate, issuer: Certificate): string | undefined {
  const key = keyOfCertificate(issuer);
  const scheme = schemeOfAlgorithmIdentifier(certificate.signatureAlgorithm, key);
  return verifyAtOnce(scheme, key, certificate.tbs, certificate.signature)
    ? undefined
    : `not signed by the key of ${nameTextOf(issuer.subject)}`;
}
