/** The issuer of identities of a development stack: everybody is who they say, so it is for this machine alone.
 *  @source OpenID Connect Core, RFC 6749, RFC 7636, RFC 8628 */

import type { KeyObject } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { parseUtf8, utf8Of } from '../../base/bytes.ts';
import { CountersignError, UsageError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Log } from '../../base/runtime.ts';
import { requireTrustedCaller } from '../../serve/caller.ts';
import { readBody, sendBytes, sendJson } from '../../serve/exchange.ts';
import { createFormProtection } from './form-protection.ts';
import type { FormProtection } from './form-protection.ts';
import { tokenSignerOf } from './identity-token.ts';
import type { IdentityClaims, PublicJwk, TokenSigner } from './identity-token.ts';
import { errorPage, policyOf } from './page.ts';
import type { Page } from './page.ts';
import { openProvider } from './provider.ts';
import type { Provider } from './provider.ts';
import { deviceEndpoint, signInEndpoint } from './sign-in.ts';
import type { PageEndpoint } from './sign-in.ts';
import { createPollGuard, withForm, withoutEmptySecret } from './token-request.ts';

export interface DevelopmentIssuerOptions {
  /** The issuer, byte for byte as tokens name it: "http://localhost:8080/oidc". */
  readonly url: string;
  /** A private RSA key of 2048 bits or more; kept by the caller, so that tokens outlive a restart. */
  readonly signingKey: KeyObject;
  readonly now: () => Date;
  readonly log: Log;
}

export interface DevelopmentIssuer {
  /** Answers requests for paths below the issuer's. Throws HOST_REFUSED, ORIGIN_REFUSED. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** The keys that tokens are signed with. */
  readonly jwks: { readonly keys: readonly PublicJwk[] };
  /** A token without a sign-in: only for callers that the system has checked, never over HTTP. */
  readonly mintToken: (claims: IdentityClaims) => string;
}

interface Issuer {
  readonly issuer: string;
  readonly base: URL;
  readonly provider: () => Promise<Provider>;
  readonly pages: Readonly<Record<'sign-in' | 'device', PageEndpoint>>;
  readonly isTooSoon: (form: URLSearchParams) => boolean;
  readonly log: Log;
}

/** The protocol's library is loaded by the first request. */
export function createDevelopmentIssuer(options: DevelopmentIssuerOptions): DevelopmentIssuer {
  const { url: issuer, log } = options;
  const nowMs = (): number => options.now().getTime();
  const signer = tokenSignerOf(issuer, options.signingKey, options.now);
  const protection = createFormProtection(issuer);
  const parts: Issuer = {
    issuer,
    base: new URL(issuer),
    provider: onceOpen(issuer, signer, log),
    pages: pagesOf(protection, nowMs),
    isTooSoon: createPollGuard(nowMs),
    log,
  };
  return {
    handle: (request, response) => handle(parts, request, response),
    jwks: { keys: [signer.publicJwk] },
    mintToken: signer.mint,
  };
}

function pagesOf(protection: FormProtection, nowMs: () => number): Issuer['pages'] {
  return { 'sign-in': signInEndpoint(protection), device: deviceEndpoint(protection, nowMs) };
}

function onceOpen(issuer: string, signer: TokenSigner, log: Log): () => Promise<Provider> {
  let opened: Promise<Provider> | undefined;
  return () => {
    opened ??= openProvider(issuer, signer, (error) => log.warn(`the development issuer failed: ${error.message}`));
    return opened;
  };
}

async function handle(issuer: Issuer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // 1. Who calls, and what no answer of ours may be used for.
  requireTrustedCaller(request, true, [issuer.base.hostname]);
  setProtectiveHeaders(response);
  const below = `${issuer.base.pathname}/`;
  const url = request.url?.startsWith(below) ? URL.parse(request.url, issuer.base.origin) : null;
  if (url === null || !url.pathname.startsWith(below)) {
    throw new UsageError('REQUEST_PATH_MALFORMED', `not an address below ${issuer.issuer}`);
  }
  const path = url.pathname.slice(issuer.base.pathname.length);
  try {
    const form = await formOf(request);
    const [, first = ''] = path.split('/');
    // 2. Our own pages.
    if (first === 'sign-in' || first === 'device') {
      // The library would take a GET for the end of a device's sign-in.
      if (path === '/device/auth' && form === undefined) {
        throw new UsageError('METHOD_NOT_SERVED', 'a device asks for its code by POST');
      }
      if (path !== '/device/auth') {
        const page = await issuer.pages[first](await issuer.provider(), { request, response, url, form });
        if (page !== undefined) sendPage(response, page);
        return;
      }
    }
    // 3. The protocol.
    if (form !== undefined && path === '/token' && issuer.isTooSoon(form)) {
      sendJson(response, 400, {}, { error: 'slow_down', error_description: 'ask less often' });
      return;
    }
    await passOn(issuer, request, response, `${path}${url.search}`, form);
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    sendPage(response, errorPage(error.message, error.entry.http));
  }
}

async function passOn(
  issuer: Issuer,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  form: URLSearchParams | undefined,
): Promise<void> {
  if (form !== undefined) withoutEmptySecret(request, form);
  const passed = form === undefined ? request : withForm(request, form);
  // The library's addresses are those of the issuer, whatever name the client called.
  Object.assign(passed, { originalUrl: issuer.base.pathname + path, url: path });
  Object.assign(passed.headers, {
    'x-forwarded-host': issuer.base.host,
    'x-forwarded-proto': issuer.base.protocol.slice(0, -1),
  });
  // Our own, or there would be no answer: without it the library says nothing of who else may read.
  delete passed.headers.origin;
  await (await issuer.provider()).callback()(passed, response);
}

async function formOf(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  if (request.method !== 'POST') return undefined;
  return new URLSearchParams(parseUtf8(await readBody(request, 'form', limits.issuerFormBytes)));
}

function setProtectiveHeaders(response: ServerResponse): void {
  response.setHeader('Content-Security-Policy', policyOf({}));
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('X-Frame-Options', 'DENY');
  // Not "no-referrer": with it browsers hide where our own forms come from.
  response.setHeader('Referrer-Policy', 'same-origin');
  response.setHeader('Cache-Control', 'no-store');
}

function sendPage(response: ServerResponse, page: Page): void {
  response.setHeader('Content-Security-Policy', policyOf(page));
  sendBytes(response, page.status, { 'Content-Type': 'text/html; charset=utf-8' }, utf8Of(page.html));
}
