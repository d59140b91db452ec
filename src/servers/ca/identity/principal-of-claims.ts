/** From what a believed token says to who its bearer is, in the terms of the certificate profile.
 *  @source github.com/sigstore/fulcio, docs/oidc.md and docs/oid-info.md */

import type { JsonObject } from '../../../base/json.ts';
import type { Principal, PrincipalName } from '../principal.ts';
import type { CiProvider } from './ci-provider.ts';
import { claimTextOf, requireClaim, requireText } from './claim-text.ts';
import type { Naming } from './issuer.ts';
import {
  chainguardNameOf,
  emailNameOf,
  isEmailVerified,
  kubernetesNameOf,
  pageNameOf,
  spiffeNameOf,
  uriNameOf,
  usernameOf,
} from './principal-name.ts';
import { renderTemplate } from './template.ts';
import type { VerifiedToken } from './token-verifier.ts';

/** Last arcs of 1.3.6.1.4.1.57264.1.N. */
const ISSUER = 1;
const ISSUER_V2 = 8;
const TOKEN_SUBJECT = 24;

/** Throws TOKEN_CLAIMS with the claim that is missing or cannot be used. */
export function principalOf({ issuerUrl, issuer, claims }: VerifiedToken): Principal {
  const { naming } = issuer;
  const subject = requireClaim(claims, 'sub');
  const name = nameOf(naming, issuerUrl, subject, claims);
  const vouching = naming.kind === 'email' && naming.issuerClaim ? claimAt(claims, naming.issuerClaim) : issuerUrl;
  const email = claims['email'];
  return {
    name,
    extensions: new Map([
      [ISSUER, vouching],
      [ISSUER_V2, vouching],
      [TOKEN_SUBJECT, subject],
      ...(naming.kind === 'ci' ? ciExtensionsOf(naming.provider, claims) : []),
    ]),
    // Clients do not know the type of the issuer, and sign what they find. An address that nobody verified may be that of
    // somebody else, whose proof it would be: clients do not sign it either.
    proofSubjects: [
      ...new Set([
        name.value,
        subject,
        ...(isEmailVerified(claims) && typeof email === 'string' && email !== '' ? [email] : []),
      ]),
    ],
    issuer: issuer.url,
    issuerType: issuer.type,
  };
}

function nameOf(naming: Naming, issuerUrl: string, subject: string, claims: JsonObject): PrincipalName {
  switch (naming.kind) {
    case 'email':
      return emailNameOf(claims, naming.isVerificationSkipped);
    case 'uri':
      return uriNameOf(subject, naming.origin);
    case 'username':
      return usernameOf(subject, naming.domain);
    case 'spiffe':
      return spiffeNameOf(subject, naming.trustDomain);
    case 'kubernetes':
      return kubernetesNameOf(claims);
    case 'chainguard':
      return chainguardNameOf(issuerUrl, subject);
    case 'ci':
      return pageNameOf(
        renderTemplate(naming.provider.name, { values: valuesOf(naming.provider, claims), isName: true }),
      );
  }
}

function ciExtensionsOf(provider: CiProvider, claims: JsonObject): readonly (readonly [number, string])[] {
  const values = valuesOf(provider, claims);
  return [...provider.extensions].flatMap(([arc, template]) => {
    const text = renderTemplate(template, { values, isName: false });
    return text === '' ? [] : [[arc, requireText(text, template.source)] as const];
  });
}

/** Claims, and defaults for those that the token does not have. */
function valuesOf({ defaults }: CiProvider, claims: JsonObject): (name: string) => string | undefined {
  return (name) => claimTextOf(claims, name) ?? (Object.hasOwn(defaults, name) ? defaults[name] : undefined);
}

/** "connector_id" of "federated_claims". */
function claimAt(claims: JsonObject, path: readonly string[]): string {
  let inside: JsonObject = claims;
  for (const member of path.slice(0, -1)) {
    const next = Object.hasOwn(inside, member) ? inside[member] : undefined;
    inside = typeof next === 'object' && next !== null && !Array.isArray(next) ? (next as JsonObject) : {};
  }
  return requireClaim(inside, path.at(-1) ?? '');
}
