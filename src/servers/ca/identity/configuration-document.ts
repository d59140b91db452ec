/** Which issuers an authority takes tokens from, as clients ask for it.
 *  @source github.com/sigstore/fulcio, fulcio.proto: message Configuration */

import type { JsonObject } from '../../../base/json.ts';
import type { IssuerConfiguration } from './issuer-configuration.ts';
import type { Issuer } from './issuer.ts';

/** The answer to GET /api/v2/configuration. */
export function configurationDocumentOf({ issuers, metaIssuers }: IssuerConfiguration): JsonObject {
  return { issuers: [...issuers.values(), ...metaIssuers].map(issuerDocumentOf) };
}

function issuerDocumentOf({ url, pattern, audience, type, naming, challengeClaim }: Issuer): JsonObject {
  return {
    ...(pattern === undefined ? { issuerUrl: url } : { wildcardIssuerUrl: url }),
    audience,
    challengeClaim,
    spiffeTrustDomain: naming.kind === 'spiffe' ? naming.trustDomain : '',
    issuerType: type,
    subjectDomain: naming.kind === 'uri' ? naming.origin : naming.kind === 'username' ? naming.domain : '',
    skipEmailVerification: naming.kind === 'email' && naming.isVerificationSkipped,
  };
}
