/** What a client of Sigstore does with an issuer: its requests, the browser that it opens, and what it checks. */

import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';

import { createBrowser, hiddenFieldsOf } from './issuer-lab.ts';
import type { Browser, IssuerLab, Seen } from './issuer-lab.ts';

/** The PKCE secret of every client here. */
export const verifier = 'a-verifier-of-a-client-that-is-long-enough-for-pkce';
export const callback = 'http://localhost:9999/auth/callback';

/** Of a form, or headers. */
export type Fields = Readonly<Record<string, string>>;

/** Where a client sends the browser. */
export function authorizationOf(
  { url }: Pick<IssuerLab, 'url'>,
  changes: Readonly<Record<string, string | undefined>> = {},
): string {
  const fields = {
    client_id: 'sigstore',
    response_type: 'code',
    scope: 'openid email',
    redirect_uri: callback,
    state: 'the-state',
    nonce: 'the-nonce',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...changes,
  };
  const given = Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return `${url}/auth?${new URLSearchParams(given).toString()}`;
}

/** As far as the page that asks who signs in. */
export async function openPage(
  lab: IssuerLab,
  browser: Browser,
  changes: Readonly<Record<string, string>> = {},
): Promise<Seen & { readonly address: string }> {
  const { location = '' } = await browser.get(authorizationOf(lab, changes));
  return { ...(await browser.get(location)), address: location };
}

/** The whole way to the address that the client listens on, or the page that shows the code. */
export async function signIn(
  lab: IssuerLab,
  browser: Browser,
  email: string,
  changes: Readonly<Record<string, string>> = {},
): Promise<Seen> {
  const page = await openPage(lab, browser, changes);
  assert.equal(page.status, 200);
  const sent = await browser.post(page.address, { ...hiddenFieldsOf(page), email });
  assert.equal(sent.status, 303);
  return browser.get(sent.location ?? '');
}

export async function codeOf(
  lab: IssuerLab,
  email = 'dev@example.com',
  changes: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { location = '' } = await signIn(lab, createBrowser(), email, changes);
  return new URL(location).searchParams.get('code') ?? '';
}

export interface TokenAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export async function postTo(address: string, form: Fields, headers: Fields = {}): Promise<TokenAnswer> {
  const answer = await fetch(address, { method: 'POST', body: new URLSearchParams(form), headers });
  return { status: answer.status, body: (await answer.json()) as TokenAnswer['body'] };
}

export function redeem(lab: IssuerLab, code: string, changes: Fields = {}, headers: Fields = {}): Promise<TokenAnswer> {
  return postTo(
    `${lab.url}/token`,
    {
      grant_type: 'authorization_code',
      client_id: 'sigstore',
      code,
      code_verifier: verifier,
      redirect_uri: callback,
      ...changes,
    },
    headers,
  );
}

/** Checked as a verifier would, with the keys that the issuer serves. */
export async function claimsOf(lab: IssuerLab, token: unknown): Promise<Readonly<Record<string, unknown>>> {
  const { jwks_uri: address } = (await (await fetch(`${lab.url}/.well-known/openid-configuration`)).json()) as {
    jwks_uri: string;
  };
  const { keys } = (await (await fetch(address)).json()) as { keys: JsonWebKey[] };
  const [header = '', claims = '', signature = ''] = String(token).split('.');
  const { alg, kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { alg: string; kid: string };
  const key = keys.find((each) => each['kid'] === kid);
  assert.equal(alg, 'RS256');
  assert.ok(key !== undefined);
  const signed = Buffer.from(`${header}.${claims}`);
  assert.ok(verify('sha256', signed, createPublicKey({ key, format: 'jwk' }), Buffer.from(signature, 'base64url')));
  return JSON.parse(Buffer.from(claims, 'base64url').toString()) as Readonly<Record<string, unknown>>;
}
