/** Whether an identity token is to be believed: every step, in order. */

import { InputError } from '../../../base/errors.ts';
import type { JsonObject } from '../../../base/json.ts';
import type { IssuerConfiguration } from './issuer-configuration.ts';
import { findIssuer } from './issuer-configuration.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import type { Issuer } from './issuer.ts';
import { isSignedBy, requireAlgorithm } from './key-set.ts';
import { parseToken, requireAudience, requireCurrent, shownOf } from './token.ts';
import type { Token } from './token.ts';

export interface TokenVerifier {
  readonly configuration: IssuerConfiguration;
  readonly issuerKeys: IssuerKeys;
  readonly now: () => Date;
}

/** What a believed token says. */
export interface VerifiedToken {
  /** "iss": one URL, also for a meta-issuer. */
  readonly issuerUrl: string;
  readonly issuer: Issuer;
  readonly claims: JsonObject;
}

/** Issuers that an error names. */
const NAMED_ISSUERS = 20;

/** Throws TOKEN_MALFORMED, TOKEN_ISSUER_UNKNOWN, TOKEN_AUDIENCE, TOKEN_EXPIRED, TOKEN_ISSUER_UNREACHABLE,
 *  TOKEN_SIGNATURE. @source OpenID Connect Core section 3.1.3.7 */
export async function verifyToken(text: string, verifier: TokenVerifier): Promise<VerifiedToken> {
  // 1. Three parts of strict JSON, signed by an algorithm that proves something.
  const token = parseToken(text);
  requireAlgorithm(token);
  // 2. An issuer that is configured: nobody else is asked for keys.
  const issuer = findIssuer(verifier.configuration, token.issuer);
  if (issuer === undefined) throw unknownIssuer(token, verifier.configuration);
  // 3. Meant for this authority, and now. Before the keys, so that stale tokens cause no traffic.
  requireAudience(token, issuer.audience);
  requireCurrent(token, verifier.now());
  // 4. Signed by the issuer's keys. It may have made new ones since it was asked.
  const keys = await verifier.issuerKeys.current(token.issuer, issuer);
  const isSigned = (await isSignedBy(token, keys)) || (await isSignedByNewer(token, issuer, verifier, keys));
  if (!isSigned) {
    const named = token.keyId === undefined ? 'any key' : `the key ${shownOf(token.keyId)}`;
    throw new InputError(
      'TOKEN_SIGNATURE',
      `the token is not signed by ${named} of the issuer ${shownOf(token.issuer)}`,
    );
  }
  return { issuerUrl: token.issuer, issuer, claims: token.claims };
}

async function isSignedByNewer(
  token: Token,
  issuer: Issuer,
  { issuerKeys }: TokenVerifier,
  seen: Parameters<typeof isSignedBy>[1],
): Promise<boolean> {
  const newer = await issuerKeys.newer(token.issuer, issuer, seen);
  return newer !== seen && (await isSignedBy(token, newer));
}

function unknownIssuer(token: Token, { issuers, metaIssuers }: IssuerConfiguration): InputError {
  const urls = [...issuers.keys(), ...metaIssuers.map(({ url }) => url)];
  const more = urls.length > NAMED_ISSUERS ? ` and ${urls.length - NAMED_ISSUERS} more` : '';
  const configured = urls.length === 0 ? 'none is' : `configured are ${urls.slice(0, NAMED_ISSUERS).join(', ')}${more}`;
  return new InputError('TOKEN_ISSUER_UNKNOWN', `the issuer ${shownOf(token.issuer)} is not configured; ${configured}`);
}
