/** The rules that a path of certificates must keep besides its signatures: what the leaf may be used for, and what the
 *  extensions demand. Each function gives the first fault, for people, or undefined; all throw CERTIFICATE_MALFORMED. */

import type { Certificate } from '../formats/x509/certificate.ts';
import { extensionOf } from '../formats/x509/certificate.ts';
import { nameTextOf } from '../formats/x509/distinguished-name.ts';
import {
  basicConstraintsOf,
  extendedKeyUsageOf,
  extensionIds,
  keyPurposes,
  keyUsageOf,
  keyUsages,
  unknownCriticalExtensionsOf,
} from '../formats/x509/extensions.ts';
import { constrainedNamesOf, isAllowedBy, nameConstraintsOf } from '../formats/x509/name-constraints.ts';

/** Why the leaf may not be used for the purpose (one of `keyPurposes`), or an issuer not issue for it. `issuers`: the one
 *  that issued the leaf first. @source RFC 5280 sections 4.2.1.3, 4.2.1.9, 4.2.1.12 */
export function usageFaultOf(leaf: Certificate, issuers: readonly Certificate[], purpose: string): string | undefined {
  // An authority that signed by itself would speak for everybody it issues for.
  if (basicConstraintsOf(leaf)?.isCa === true) {
    return "the signer's certificate is a certificate authority's";
  }
  if (keyUsageOf(leaf)?.has(keyUsages.digitalSignature) === false) {
    return "the signer's certificate is not for digital signatures";
  }
  const purposes = extendedKeyUsageOf(leaf);
  if (purposes?.includes(purpose) !== true) {
    return `the signer's certificate is for ${purposes === undefined ? 'no purpose that it names' : purposes.join(', ')}`;
  }
  const other = issuers.find((issuer) => {
    const allowed = extendedKeyUsageOf(issuer);
    return allowed !== undefined && !allowed.includes(purpose) && !allowed.includes(keyPurposes.any);
  });
  return other === undefined ? undefined : `${nameTextOf(other.subject)} may not issue certificates for this purpose`;
}

/** Why an extension forbids this path: one that is critical and unknown, a certificate made only to be logged, a name that
 *  an issuer may not give. @source RFC 5280 sections 4.2 and 4.2.1.10, RFC 6962 section 3.1 */
export function extensionFaultOf(leaf: Certificate, issuers: readonly Certificate[]): string | undefined {
  const path = [leaf, ...issuers];
  for (const certificate of path) {
    const [unknown] = unknownCriticalExtensionsOf(certificate);
    if (unknown !== undefined) return `the critical extension ${unknown}, which is not known here`;
  }
  if (extensionOf(leaf, extensionIds.precertificatePoison) !== undefined) {
    return 'a precertificate, which is made only to be logged';
  }
  return nameFaultOf(path);
}

/** Each authority constrains all certificates below it. */
function nameFaultOf(path: readonly Certificate[]): string | undefined {
  for (const [index, authority] of path.entries()) {
    const constraints = index === 0 ? undefined : nameConstraintsOf(authority);
    const isAllowed =
      constraints === undefined ||
      path.slice(0, index).every((below) => isAllowedBy(constraints, constrainedNamesOf(below)));
    if (!isAllowed) return `a name that ${nameTextOf(authority.subject)} may not give`;
  }
  return undefined;
}
