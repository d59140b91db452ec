/** Tokens from a registry's token server. @source distribution docs/spec/auth/token.md, docs/spec/auth/oauth.md */

import { base64Of, utf8Of } from '../../base/bytes.ts';
import { decodeCount, decodeDocument, decodeObject, decodeString, optional } from '../../base/decode.ts';
import { CountersignError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import type { HttpRequest, HttpResponse } from '../../base/runtime.ts';
import type { Credentials } from '../credentials/credentials.ts';
import { invalidAnswer, readBytes, requireStatus } from './answer.ts';
import type { Answer } from './answer.ts';

export interface TokenQuestion {
  readonly realm: URL;
  readonly service: string | undefined;
  readonly scopes: readonly string[];
  /** Undefined asks as anyone. */
  readonly credentials: Exclude<Credentials, { kind: 'registry-token' }> | undefined;
}

export interface Token {
  readonly text: string;
  readonly validSeconds: number;
}

const CLIENT_ID = 'countersign';
/** What the specification sets for an answer that names no time. */
const DEFAULT_SECONDS = 60;

const decodeAnswer = decodeObject({
  token: optional(decodeString),
  access_token: optional(decodeString),
  expires_in: optional(decodeCount),
});

/** Asks once, through `send`, which follows no redirect: the request carries a secret. Throws REGISTRY_DENIED and the
 *  rest of a registry's failures. */
export async function fetchToken(
  question: TokenQuestion,
  send: (request: HttpRequest) => Promise<HttpResponse>,
): Promise<Token> {
  const { credentials, realm } = question;
  const request =
    credentials?.kind === 'identity-token' ? refreshRequestOf(question, credentials.token) : plainRequestOf(question);
  const identity =
    credentials === undefined ? 'asked without credentials' : `with credentials from ${credentials.foundIn}`;
  const answer: Answer = { ...(await send(request)), url: realm, asked: 'for a token', identity };
  await requireStatus(answer, 200);
  return tokenOf(answer, await readBytes(answer, limits.tokenBytes));
}

/** The header value for a user and password. @source RFC 7617 */
export function basicOf(credentials: { readonly username: string; readonly password: string }): string {
  return `Basic ${base64Of(utf8Of(`${credentials.username}:${credentials.password}`))}`;
}

function plainRequestOf({ realm, service, scopes, credentials }: TokenQuestion): HttpRequest {
  const url = new URL(realm);
  if (service !== undefined) {
    url.searchParams.append('service', service);
  }
  scopes.forEach((scope) => url.searchParams.append('scope', scope));
  return {
    method: 'GET',
    url,
    headers: credentials?.kind === 'password' ? { authorization: basicOf(credentials) } : {},
  };
}

function refreshRequestOf({ realm, service, scopes }: TokenQuestion, refreshToken: string): HttpRequest {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: CLIENT_ID,
    ...(service !== undefined && { service }),
    scope: scopes.join(' '),
    refresh_token: refreshToken,
  });
  return {
    method: 'POST',
    url: realm,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: utf8Of(form.toString()),
  };
}

function tokenOf(answer: Answer, bytes: Uint8Array): Token {
  try {
    const document = parseJson(bytes, { what: 'token answer', maxBytes: limits.tokenBytes });
    const { token, access_token, expires_in } = decodeDocument(document, decodeAnswer, 'token answer');
    const text = token || access_token || '';
    // It becomes a header value: nothing in it may end the line.
    if (/^[\x21-\x7e]+$/.test(text)) {
      return { text, validSeconds: expires_in ?? DEFAULT_SECONDS };
    }
  } catch (cause) {
    // The cause could quote the answer, which may hold a token: only its code is told.
    throw invalidAnswer(
      answer,
      `the token server's answer cannot be read${cause instanceof CountersignError ? ` (${cause.code})` : ''}`,
    );
  }
  throw invalidAnswer(answer, "the token server's answer holds no token");
}
