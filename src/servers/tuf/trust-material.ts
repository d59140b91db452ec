/** A stack as trusted roots and signing configurations describe it. */

import type { SigningConfig, SigningService } from '../../formats/trust/signing-config.ts';
import { trustedAuthorityOf } from '../../formats/trust/trusted-authority.ts';
import { trustedLogOf } from '../../formats/trust/trusted-log.ts';
import type { TrustedRoot } from '../../formats/trust/trusted-root.ts';
import { operatorOf, serviceUrlsOf } from '../stack/stack-facts.ts';
import type { StackFacts } from '../stack/stack-facts.ts';

/** Throws KEY_UNSUPPORTED. */
export function stackTrustedRootOf(facts: StackFacts): TrustedRoot {
  const { caChain, timestampChain, rekorKey, ctlogKey, validFrom } = facts;
  const urls = serviceUrlsOf(facts);
  const validFor = { start: validFrom };
  return {
    logs: [trustedLogOf({ key: rekorKey, baseUrl: urls.rekor, validFor })],
    ctLogs: [trustedLogOf({ key: ctlogKey, baseUrl: urls.ctlog, validFor })],
    certificateAuthorities: [trustedAuthorityOf({ uri: urls.ca, chain: caChain, validFor })],
    timestampAuthorities: [trustedAuthorityOf({ uri: urls.timestamps, chain: timestampChain, validFor })],
  };
}

/** Rekor v1 with timestamps besides. */
export function stackSigningConfigOf(facts: StackFacts): SigningConfig {
  const urls = serviceUrlsOf(facts);
  const serviceAt = (url: string): SigningService => ({
    url,
    majorApiVersion: 1,
    validFor: { start: facts.validFrom },
    operator: operatorOf(facts),
  });
  return {
    authorities: [serviceAt(urls.ca)],
    issuers: facts.oidcIssuers.map(serviceAt),
    logs: [serviceAt(urls.rekor)],
    // ANY: sigstore-js reads no other.
    logSelection: { selector: 'ANY' },
    timestampAuthorities: [serviceAt(urls.timestamps)],
    timestampSelection: { selector: 'ANY' },
  };
}
