/** An identity token taken apart, strictly; nothing in it is believed yet. Of its text only the issuer, the audience and
 *  the algorithm get into errors. @source RFC 7515 sections 4 and 7.1 */

import { parseBase64Url } from '../../../base/bytes.ts';
import { CountersignError, InputError } from '../../../base/errors.ts';
import { parseJson } from '../../../base/json.ts';
import type { JsonObject, JsonValue } from '../../../base/json.ts';
import { limits } from '../../../base/limits.ts';
import { printableOf } from '../../../base/printable.ts';

export interface Token {
  /** As it was sent: a secret. */
  readonly text: string;
  readonly algorithm: string;
  readonly keyId: string | undefined;
  readonly issuer: string;
  readonly claims: JsonObject;
}

const COMPACT = /^([\w-]+)\.([\w-]+)\.[\w-]*$/;
/** Characters of a text of the token that an error repeats. */
const SHOWN = 200;

/** Reads the compact form. Throws TOKEN_MALFORMED. */
export function parseToken(text: string): Token {
  if (text.length > limits.identityTokenCharacters) {
    throw malformed(`${text.length} characters, at most ${limits.identityTokenCharacters} are read`);
  }
  const [, header = '', claims = ''] = COMPACT.exec(text) ?? [];
  if (header === '') throw malformed('expected three parts of base64url with a "." between them');
  const { alg, kid, crit } = objectOf(header, 'header');
  if (typeof alg !== 'string') throw malformed('the header names no algorithm');
  if (kid !== undefined && typeof kid !== 'string')
    throw malformed('the header names a key by something that is no text');
  // What must be understood is not understood here.
  if (crit !== undefined) throw malformed('the header makes an extension critical');
  const members = objectOf(claims, 'body');
  if (typeof members['iss'] !== 'string' || members['iss'] === '') throw malformed('it names no issuer ("iss")');
  return { text, algorithm: alg, keyId: kid, issuer: members['iss'], claims: members };
}

/** Throws TOKEN_AUDIENCE unless the token is meant for this audience, be it among others. */
export function requireAudience({ claims }: Token, audience: string): void {
  const named: JsonValue | undefined = claims['aud'];
  const audiences: readonly JsonValue[] = Array.isArray(named) ? (named as readonly JsonValue[]) : [named ?? null];
  if (audiences.includes(audience)) return;
  const seen = audiences.filter((each) => typeof each === 'string').map(shownOf);
  throw new InputError(
    'TOKEN_AUDIENCE',
    `the token is meant for ${seen.length === 0 ? 'nobody' : seen.slice(0, 10).join(', ')}; expected ${shownOf(audience)}`,
  );
}

/** Throws TOKEN_EXPIRED outside the token's time. It ends when it says, by the clock here; it may begin a little in the
 *  future, for clocks differ. */
export function requireCurrent({ claims }: Token, now: Date): void {
  const nowSeconds = now.getTime() / 1000;
  const skewSeconds = limits.clockSkewMs / 1000;
  const here = `the clock here says ${now.toISOString()}`;
  const ends = secondsOf(claims, 'exp');
  if (ends === undefined) throw new InputError('TOKEN_EXPIRED', 'the token does not say when it ends ("exp")');
  if (nowSeconds >= ends) {
    throw new InputError('TOKEN_EXPIRED', `the token expired ${Math.floor(nowSeconds - ends)} s ago (${here})`);
  }
  for (const claim of ['nbf', 'iat']) {
    const begins = secondsOf(claims, claim) ?? 0;
    if (begins > nowSeconds + skewSeconds) {
      const ahead = Math.floor(begins - nowSeconds);
      throw new InputError(
        'TOKEN_EXPIRED',
        `the token begins in ${ahead} s ("${claim}"), at most ${skewSeconds} s are bridged (${here})`,
      );
    }
  }
}

/** A text of a token as errors show it. */
export function shownOf(text: string): string {
  return JSON.stringify(printableOf(text.slice(0, SHOWN)));
}

function objectOf(part: string, name: string): JsonObject {
  const value = valueOf(part, name);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(`its ${name} is no object`);
  return value as JsonObject;
}

/** The reason a parser gives repeats what it read, and is left out. */
function valueOf(part: string, name: string): JsonValue {
  try {
    return parseJson(parseBase64Url(part), { what: name, maxBytes: limits.identityTokenCharacters });
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    throw malformed(`its ${name} is not JSON in base64url, or has a member twice (${error.code})`);
  }
}

function secondsOf(claims: JsonObject, name: string): number | undefined {
  const value = claims[name];
  if (value === undefined || (typeof value === 'number' && value >= 0)) return value;
  throw malformed(`its time "${name}" is not a number of seconds`);
}

function malformed(why: string): InputError {
  return new InputError('TOKEN_MALFORMED', `identity token: ${why}`);
}
