/** What an identity token says, for whoever holds it. Its signature is for the certificate authority to check: nothing
 *  here is proven. Nothing of the token stands in errors. @source RFC 7519; OpenID Connect Core 1.0 section 2 */

import { parseBase64 } from '../../base/bytes.ts';
import { decodeArray, decodeCount, decodeDocument, decodeObject, decodeString, optional } from '../../base/decode.ts';
import type { Decoded, Decoder } from '../../base/decode.ts';
import { InputError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';

export interface IdentityToken {
  /** As it is sent: a secret. */
  readonly text: string;
  readonly issuer: string;
  /** Who vouches for the identity where the issuer passes others on: certificates name it instead of the issuer. */
  readonly federatedIssuer: string | undefined;
  readonly subject: string;
  /** Only where the issuer has verified it. */
  readonly email: string | undefined;
  readonly audiences: readonly string[];
  readonly expires: Date;
  readonly nonce: string | undefined;
}

const WHAT = 'identity token';
const BASE64_URL = /^[A-Za-z0-9_-]+$/;

/** Whether a text has the outline of a token, rather than being the name of a file. */
export function isTokenText(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 3 && parts.every((part) => BASE64_URL.test(part)) && text.startsWith('ey');
}

/** Reads a signed token in its compact form. Throws TOKEN_MALFORMED, TOKEN_CLAIMS. */
export function parseIdentityToken(text: string): IdentityToken {
  const [header = '', payload = '', signature = '', ...more] = text.split('.');
  if (more.length > 0 || ![header, payload, signature].every((part) => BASE64_URL.test(part))) {
    throw malformed('expected three parts in base64 of the url alphabet');
  }
  if (text.length > limits.identityTokenCharacters) {
    throw malformed(`${text.length} characters, at most ${limits.identityTokenCharacters} are read`);
  }
  // An unsigned token speaks for nobody: it is not worth a request.
  const { alg } = decoded(header, decodeHeader);
  if (alg.toLowerCase() === 'none') throw malformed('it is not signed');
  const claims = decoded(payload, decodeClaims);
  return {
    text,
    issuer: claims.iss,
    federatedIssuer: claims.federated_claims?.connector_id,
    subject: claims.sub,
    email: verifiedEmailOf(claims),
    audiences: claims.aud,
    expires: new Date(claims.exp * 1000),
    nonce: claims.nonce,
  };
}

/** What is signed to show that the key's holder asks: the address, or the subject where there is none.
 *  @source sigstore/fulcio, "proof of possession" */
export function proofSubjectOf({ email, subject }: IdentityToken): string {
  return email ?? subject;
}

const decodeAudiences: Decoder<readonly string[]> = (value, path) =>
  typeof value === 'string' ? [value] : decodeArray(decodeString)(value, path);
/** Some issuers write a text. */
const decodeVerified: Decoder<boolean> = (value) => value === true || value === 'true';

const decodeHeader = decodeObject({ alg: decodeString });
const decodeClaims = decodeObject({
  iss: decodeString,
  sub: decodeString,
  aud: decodeAudiences,
  exp: decodeCount,
  email: optional(decodeString),
  email_verified: optional(decodeVerified),
  nonce: optional(decodeString),
  federated_claims: optional(decodeObject({ connector_id: optional(decodeString) })),
});

/** The authority refuses an address that nobody verified: said here, where the reason is plain. */
function verifiedEmailOf({ email, email_verified: isVerified }: Decoded<typeof decodeClaims>): string | undefined {
  if (email === undefined || email === '') return undefined;
  if (isVerified !== true) {
    throw new InputError('TOKEN_CLAIMS', `${WHAT}: its issuer does not say that it verified the e-mail address`);
  }
  return email;
}

function decoded<T>(part: string, decode: Decoder<T>): T {
  try {
    const bytes = parseBase64(
      part
        .replaceAll('-', '+')
        .replaceAll('_', '/')
        .padEnd(Math.ceil(part.length / 4) * 4, '='),
    );
    const json = parseJson(bytes, { what: WHAT, maxBytes: limits.identityTokenCharacters });
    return decodeDocument(json, decode, WHAT);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    // Without the cause: it may quote the token.
    const { path, expected } = error.details;
    throw error.code === 'JSON_SHAPE'
      ? new InputError('TOKEN_CLAIMS', `${String(path)}: expected ${String(expected)}`)
      : malformed('it holds no JSON');
  }
}

function malformed(why: string): InputError {
  return new InputError('TOKEN_MALFORMED', `${WHAT}: ${why}`);
}
