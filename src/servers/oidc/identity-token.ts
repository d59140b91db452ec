/** The tokens of the development issuer. One RSA key, because clients read RS256 and nothing else from a file. */

import { createHash, createPublicKey, randomUUID, sign } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';

import { base64UrlOf, utf8Of } from '../../base/bytes.ts';

/** The audience of every Sigstore client. */
export const CLIENT_ID = 'sigstore';
/** Seconds: long enough for the slowest signature, too short to be worth stealing. */
export const TOKEN_SECONDS = 600;

export interface IdentityClaims {
  readonly email: string;
  /** Default: the e-mail address. */
  readonly subject?: string | undefined;
  /** Default: "sigstore". */
  readonly audience?: string | undefined;
  readonly nonce?: string | undefined;
}

/** As the issuer's key set holds it. */
export type PublicJwk = Readonly<Record<'kty' | 'n' | 'e' | 'kid' | 'alg' | 'use', string>>;

export interface TokenSigner {
  readonly privateJwk: JsonWebKey;
  readonly publicJwk: PublicJwk;
  /** A compact JWT. */
  readonly mint: (claims: IdentityClaims) => string;
}

/** `signingKey` is a private RSA key. @source OpenID Connect Core section 2 */
export function tokenSignerOf(issuer: string, signingKey: KeyObject, now: () => Date): TokenSigner {
  const { kty = '', n = '', e = '' } = createPublicKey(signingKey).export({ format: 'jwk' });
  // RFC 7638: the same key has the same name in every process.
  const kid = createHash('sha256').update(JSON.stringify({ e, kty, n })).digest('base64url');
  const about = { kid, alg: 'RS256', use: 'sig' };
  const header = encodePart({ alg: 'RS256', kid, typ: 'JWT' });
  return {
    privateJwk: { ...signingKey.export({ format: 'jwk' }), ...about },
    publicJwk: { kty, n, e, ...about },
    mint: ({ email, subject = email, audience = CLIENT_ID, nonce }) => {
      const iat = Math.floor(now().getTime() / 1000);
      const claims = {
        iss: issuer,
        sub: subject,
        aud: audience,
        iat,
        exp: iat + TOKEN_SECONDS,
        jti: randomUUID(),
        email,
        email_verified: true,
        ...(nonce === undefined ? {} : { nonce }),
      };
      const signed = `${header}.${encodePart(claims)}`;
      return `${signed}.${base64UrlOf(sign('sha256', utf8Of(signed), signingKey))}`;
    },
  };
}

function encodePart(value: object): string {
  return base64UrlOf(utf8Of(JSON.stringify(value)));
}
