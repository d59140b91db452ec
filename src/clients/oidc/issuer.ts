/** An OIDC issuer, as a program that logs somebody in sees it. The only file that knows oauth4webapi, whose requests go out
 *  through our own: no redirect is followed, https only (or plain http where all is on loopback), answers are capped.
 *  @source OpenID Connect Core 1.0, OpenID Connect Discovery 1.0, RFC 6749, RFC 7636 (PKCE), RFC 8628 (devices), RFC 9207 */

import * as oauth from 'oauth4webapi';

import { utf8Of } from '../../base/bytes.ts';
import { CountersignError, messageOf, RemoteError } from '../../base/errors.ts';
import { printableOf } from '../../base/printable.ts';
import type { Runtime } from '../../base/runtime.ts';
import { redactedUrlOf } from '../http/failure.ts';
import { hostNameOf } from '../http/host.ts';
import { callServiceOnce } from '../http/service-call.ts';

export interface OidcClient {
  readonly issuer: URL;
  readonly clientId: string;
  /** A secret. Public clients have none. */
  readonly clientSecret?: string;
}

/** What one login made up, so that nobody's else answer can be slipped in. */
export interface LoginSecrets {
  /** Comes back with the browser. Undefined where nothing comes back but a code that a person copies. */
  readonly state: string | undefined;
  /** Comes back in the token. */
  readonly nonce: string;
  /** Shows that who began the login also ends it. */
  readonly verifier: string;
  /** Base64 (url) of its SHA-256. */
  readonly challenge: string;
}

/** A login under way on another device. */
export interface DeviceLogin {
  readonly userCode: string;
  readonly verificationUrl: URL;
  readonly expiresInSeconds: number;
  readonly intervalSeconds: number;
  /** The identity token; or that the person is not done yet, or that we ask too often. */
  readonly poll: () => Promise<{ readonly token: string } | 'pending' | 'slow-down'>;
}

export interface OidcIssuer {
  /** As it names itself. */
  readonly name: string;
  readonly hasDeviceFlow: boolean;
  /** Where the person's browser goes. */
  readonly loginUrl: (secrets: LoginSecrets, redirectUrl: string) => URL;
  /** The identity token, for what the browser brought back. Throws LOGIN_FAILED. */
  readonly redeem: (answer: URLSearchParams, secrets: LoginSecrets, redirectUrl: string) => Promise<string>;
  /** Throws LOGIN_FAILED. */
  readonly startDeviceLogin: (secrets: Pick<LoginSecrets, 'verifier' | 'challenge'>) => Promise<DeviceLogin>;
}

const SCOPE = 'openid email';
const DEFAULT_INTERVAL_SECONDS = 5;

/** Asks the issuer how to log in. Throws LOGIN_FAILED, and what `callServiceOnce` throws. */
export async function openIssuer(runtime: Runtime, client: OidcClient): Promise<OidcIssuer> {
  const { issuer } = client;
  const options = optionsOf(runtime, issuer);
  const metadata = await orLoginFailed(issuer, async () =>
    oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: 'oidc', ...options })),
  );
  await requireOwnEndpoints(issuer, metadata);
  const session: Session = {
    issuer,
    metadata,
    options,
    client: { client_id: client.clientId, [oauth.clockTolerance]: CLOCK_TOLERANCE_SECONDS },
    authentication: authenticationOf(client, metadata),
  };
  return {
    name: metadata.issuer,
    hasDeviceFlow: metadata.device_authorization_endpoint !== undefined,
    loginUrl: (secrets, redirectUrl) => loginUrlOf(session, secrets, redirectUrl),
    redeem: (answer, secrets, redirectUrl) =>
      orLoginFailed(issuer, () => redeem(session, answer, secrets, redirectUrl)),
    startDeviceLogin: (secrets) => orLoginFailed(issuer, () => startDeviceLogin(session, secrets)),
  };
}

/** LOGIN_FAILED, to be thrown. */
export function loginFailed(issuer: URL, why: string): RemoteError {
  const shown = redactedUrlOf(issuer);
  return new RemoteError('LOGIN_FAILED', printableOf(`login at ${shown}: ${why}`), { url: shown });
}

const CLOCK_TOLERANCE_SECONDS = 60;

interface Session {
  readonly issuer: URL;
  readonly metadata: oauth.AuthorizationServer;
  readonly client: oauth.Client;
  readonly authentication: oauth.ClientAuth;
  readonly options: ReturnType<typeof optionsOf>;
}

function loginUrlOf({ issuer, metadata, client }: Session, secrets: LoginSecrets, redirectUrl: string): URL {
  if (metadata.authorization_endpoint === undefined) throw loginFailed(issuer, 'it has no page to log in');
  const url = new URL(metadata.authorization_endpoint);
  const parameters = {
    client_id: client.client_id,
    response_type: 'code',
    scope: SCOPE,
    redirect_uri: redirectUrl,
    nonce: secrets.nonce,
    code_challenge: secrets.challenge,
    code_challenge_method: 'S256',
    ...(secrets.state === undefined ? {} : { state: secrets.state }),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url;
}

async function redeem(
  { metadata, client, authentication, options }: Session,
  answer: URLSearchParams,
  { state, nonce, verifier }: LoginSecrets,
  redirectUrl: string,
): Promise<string> {
  const valid = oauth.validateAuthResponse(metadata, client, answer, state ?? oauth.skipStateCheck);
  const response = await oauth.authorizationCodeGrantRequest(
    metadata,
    client,
    authentication,
    valid,
    redirectUrl,
    verifier,
    options,
  );
  const { id_token: token } = await oauth.processAuthorizationCodeResponse(metadata, client, response, {
    expectedNonce: nonce,
    requireIdToken: true,
  });
  return token ?? '';
}

async function startDeviceLogin(
  session: Session,
  { verifier, challenge }: Pick<LoginSecrets, 'verifier' | 'challenge'>,
): Promise<DeviceLogin> {
  const { issuer, metadata, client, authentication, options } = session;
  const parameters = { scope: SCOPE, code_challenge: challenge, code_challenge_method: 'S256' };
  const response = await oauth.deviceAuthorizationRequest(metadata, client, authentication, parameters, options);
  const device = await oauth.processDeviceAuthorizationResponse(metadata, client, response);
  const verificationUrl = URL.parse(device.verification_uri_complete ?? device.verification_uri);
  if (verificationUrl === null || !['https:', 'http:'].includes(verificationUrl.protocol)) {
    throw loginFailed(issuer, 'it names no page for the code');
  }
  const poll = async (): Promise<string> => {
    const additionalParameters = { code_verifier: verifier, scope: SCOPE };
    const { device_code: code } = device;
    const answer = await oauth.deviceCodeGrantRequest(metadata, client, authentication, code, {
      ...options,
      additionalParameters,
    });
    const { id_token: token } = await oauth.processDeviceCodeResponse(metadata, client, answer);
    if (token === undefined) throw loginFailed(issuer, 'it gave no identity token');
    return token;
  };
  return {
    userCode: device.user_code,
    verificationUrl,
    expiresInSeconds: device.expires_in,
    intervalSeconds: device.interval ?? DEFAULT_INTERVAL_SECONDS,
    poll: () => orLoginFailed(issuer, () => tokenOrWait(poll)),
  };
}

async function tokenOrWait(poll: () => Promise<string>): Promise<{ readonly token: string } | 'pending' | 'slow-down'> {
  try {
    return { token: await poll() };
  } catch (error) {
    if (!(error instanceof oauth.ResponseBodyError)) throw error;
    if (error.error === 'authorization_pending') return 'pending';
    if (error.error === 'slow_down') return 'slow-down';
    throw error;
  }
}

/** Codes and client secrets go to the issuer's own endpoints, as safely as the issuer itself was asked. */
async function requireOwnEndpoints(issuer: URL, metadata: oauth.AuthorizationServer): Promise<void> {
  if (metadata.code_challenge_methods_supported?.includes('S256') !== true) {
    throw loginFailed(issuer, 'it does not protect codes on their way (PKCE with S256)');
  }
  for (const member of ['authorization_endpoint', 'token_endpoint', 'device_authorization_endpoint'] as const) {
    const text = metadata[member];
    const url = text === undefined ? undefined : URL.parse(text);
    if (url === undefined) continue;
    if (url === null || url.protocol !== issuer.protocol || !(await isSameSite(url, issuer))) {
      throw loginFailed(
        issuer,
        `its ${member} is on ${url === null ? 'no address' : url.origin}, which is not its own site over ${issuer.protocol}`,
      );
    }
  }
}

async function isSameSite(url: URL, issuer: URL): Promise<boolean> {
  // Plain http is loopback, where another port is another program.
  if (url.protocol === 'http:') return url.origin === issuer.origin;
  if (url.hostname === issuer.hostname) return true;
  // Loaded here: it is large, and most issuers have all on one host.
  const { registrableDomainOf } = await import('../registry/registrable-domain.ts');
  const domain = registrableDomainOf(hostNameOf(issuer));
  return domain !== undefined && registrableDomainOf(hostNameOf(url)) === domain;
}

function authenticationOf({ clientSecret }: OidcClient, metadata: oauth.AuthorizationServer): oauth.ClientAuth {
  if (clientSecret === undefined) return oauth.None();
  const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  return methods.includes('client_secret_basic')
    ? oauth.ClientSecretBasic(clientSecret)
    : oauth.ClientSecretPost(clientSecret);
}

interface FetchOptions {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: URLSearchParams | null | undefined;
}

/** The library asks through this. What is asked here is not asked again: a code counts once. */
function optionsOf(
  runtime: Runtime,
  issuer: URL,
): {
  readonly [oauth.customFetch]: (url: string, options: FetchOptions) => Promise<Response>;
  readonly [oauth.allowInsecureRequests]: boolean;
} {
  return {
    [oauth.customFetch]: async (url, { method, headers, body }) => {
      const answer = await callServiceOnce(runtime, {
        service: 'the OIDC issuer',
        method: method === 'POST' ? 'POST' : 'GET',
        url: new URL(url),
        headers,
        ...(body === undefined || body === null ? {} : { body: utf8Of(body.toString()) }),
        expected: 'any',
      });
      return new Response(answer.body.length === 0 ? null : (answer.body as Uint8Array<ArrayBuffer>), {
        status: answer.status,
        headers: answer.headers,
      });
    },
    // The library's word for plain http, which `callServiceOnce` lets through to loopback only.
    [oauth.allowInsecureRequests]: issuer.protocol === 'http:',
  };
}

/** The library's errors hold codes and tokens in their causes: only what they say is kept. */
async function orLoginFailed<T>(issuer: URL, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof CountersignError) throw error;
    if (error instanceof oauth.ResponseBodyError || error instanceof oauth.AuthorizationResponseError) {
      throw loginFailed(
        issuer,
        [error.error, error.error_description]
          .filter((each) => each)
          .join(': ')
          .slice(0, 300),
      );
    }
    if (error instanceof Error && (error instanceof TypeError || 'code' in error)) {
      throw loginFailed(issuer, messageOf(error).slice(0, 300));
    }
    throw error;
  }
}
