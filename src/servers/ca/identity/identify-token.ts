/** From an identity token to who its bearer is: configuration, keys of the issuers, and the claims. */

import type { JsonObject, JsonValue } from '../../../base/json.ts';
import type { IdentifyToken } from '../principal.ts';
import { configurationDocumentOf } from './configuration-document.ts';
import type { IssuerConfiguration } from './issuer-configuration.ts';
import { fetchIssuerKeys } from './issuer-discovery.ts';
import type { DiscoveryContext } from './issuer-discovery.ts';
import { openIssuerKeys } from './issuer-keys.ts';
import { parseKeySet } from './key-set.ts';
import { principalOf } from './principal-of-claims.ts';
import { verifyToken } from './token-verifier.ts';

export interface IdentityOptions extends DiscoveryContext {
  readonly configuration: IssuerConfiguration;
  readonly now: () => Date;
  /** Key sets (RFC 7517) by issuer URL, for issuers in this process: these are never asked over the network. */
  readonly localKeys?: ReadonlyMap<string, JsonValue>;
}

export interface Identities {
  readonly identify: IdentifyToken;
  /** The answer to GET /api/v2/configuration. */
  readonly configurationDocument: () => JsonObject;
}

/** Asks no issuer yet, so one that is down stops nothing. Throws JSON_SHAPE, KEY_UNSUPPORTED for local keys. */
export function openIdentities(options: IdentityOptions): Identities {
  const { configuration, now, localKeys = new Map<string, JsonValue>() } = options;
  const issuerKeys = openIssuerKeys({
    fetchKeys: async (issuerUrl, issuer) => fetchIssuerKeys(issuerUrl, issuer, options),
    now,
    local: new Map([...localKeys].map(([issuerUrl, keys]) => [issuerUrl, parseKeySet(keys)])),
  });
  return {
    identify: async (token) => principalOf(await verifyToken(token, { configuration, issuerKeys, now })),
    configurationDocument: () => configurationDocumentOf(configuration),
  };
}
