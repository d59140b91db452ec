/** The OpenID provider: the library's protocol, our pages and our rules. */

import { randomBytes } from 'node:crypto';
import type { EventEmitter } from 'node:events';

import type * as Library from 'oidc-provider';
import type { AdapterPayload, Configuration, KoaContextWithOIDC } from 'oidc-provider';

import { CLIENT_ID, TOKEN_SECONDS } from './identity-token.ts';
import type { TokenSigner } from './identity-token.ts';
import { createIssuerState } from './issuer-state.ts';
import { codePage, errorPage } from './page.ts';
import { isRedirectAllowed, OUT_OF_BAND } from './redirect-address.ts';

/** Seconds between two questions of a device. */
export const POLL_SECONDS = 2;
export const SCOPE = 'openid email';

export type Provider = Library.Provider;

const OFF = { enabled: false };

/** The two ways to a token, and nothing more. */
const FEATURES: Configuration['features'] = {
  backchannelLogout: OFF,
  claimsParameter: OFF,
  deviceFlow: { enabled: true, charset: 'base-20', mask: '****-****', deviceInfo: () => ({}) },
  devInteractions: OFF,
  dPoP: OFF,
  introspection: OFF,
  pushedAuthorizationRequests: OFF,
  registration: OFF,
  resourceIndicators: OFF,
  revocation: OFF,
  rpInitiatedLogout: OFF,
  userinfo: OFF,
};

const SECONDS: Configuration['ttl'] = {
  AccessToken: TOKEN_SECONDS,
  AuthorizationCode: 60,
  DeviceCode: 600,
  Grant: 600,
  IdToken: TOKEN_SECONDS,
  Interaction: 600,
  Session: 600,
};

/** Loads the library, which takes a quarter of a second. `onFailure` hears what was not foreseen. */
export async function openProvider(
  issuer: string,
  signer: TokenSigner,
  onFailure: (error: Error) => void,
): Promise<Provider> {
  const { Provider: OpenIdProvider, interactionPolicy } = await loadQuietly();
  const policy = interactionPolicy.base();
  // Who signs in for development agrees to everything by it.
  policy.remove('consent');
  const provider = new OpenIdProvider(issuer, {
    ...configurationOf(issuer, signer),
    interactions: { policy, url: signInPathOf },
  });
  // It makes its own addresses from two headers that development-issuer.ts sets, and from nothing that the client sent.
  provider.proxy = true;
  provider.Client.prototype.redirectUriAllowed = isRedirectAllowed;
  provider.use(async (ctx, next) => {
    await next();
    completeAnswer(ctx as KoaContextWithOIDC, signer);
  });
  provider.on('server_error', (_ctx, error) => onFailure(error));
  // Without a listener what is below the library writes to the console.
  (provider as EventEmitter).on('error', onFailure);
  return provider;
}

/** Its first line warns on the console of any Node that is not under long-term support yet. */
async function loadQuietly(): Promise<typeof Library> {
  const { warn } = console;
  Object.assign(console, { warn: () => undefined });
  try {
    return await import('oidc-provider');
  } finally {
    Object.assign(console, { warn });
  }
}

function configurationOf(issuer: string, signer: TokenSigner): Configuration {
  const path = new URL(issuer).pathname;
  return {
    adapter: createIssuerState<AdapterPayload>(Date.now),
    clients: [
      {
        client_id: CLIENT_ID,
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'],
        response_types: ['code'],
        // Never used: see isRedirectAllowed.
        redirect_uris: ['http://localhost/auth/callback'],
      },
    ],
    allowOmittingSingleRegisteredRedirectUri: false,
    clientAuthMethods: ['none'],
    clientBasedCORS: () => false,
    cookies: {
      keys: [randomBytes(32).toString('base64url')],
      names: { interaction: 'sign_in', resume: 'sign_in_resume', session: 'sign_in_session' },
      long: { path, httpOnly: true, sameSite: 'lax', signed: true },
      // Each of these has the path of its own sign-in, so that two at once keep apart.
      short: { httpOnly: true, sameSite: 'lax', signed: true },
    },
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    scopes: ['openid', 'email'],
    responseTypes: ['code'],
    enabledJWA: { idTokenSigningAlgValues: ['RS256'] },
    expiresWithSession: () => false,
    features: FEATURES,
    findAccount: (_ctx, email) => ({ accountId: email, claims: () => ({ sub: email, email, email_verified: true }) }),
    issueRefreshToken: () => false,
    jwks: { keys: [signer.privateJwk] },
    loadExistingGrant: async ({ oidc }) => grantOf(oidc.provider, oidc.session?.accountId),
    pkce: { required: () => true },
    renderError: (ctx, out) => {
      ctx.type = 'html';
      ctx.body = errorPage(out.error_description ?? out.error).html;
    },
    ttl: SECONDS,
  };
}

/** What somebody who signed in has agreed to, in the provider's state. */
export async function grantOf(
  provider: Provider,
  email: string | undefined,
): Promise<InstanceType<Provider['Grant']> | undefined> {
  if (email === undefined) return undefined;
  const grant = new provider.Grant({ clientId: CLIENT_ID, accountId: email });
  grant.addOIDCScope(SCOPE);
  await grant.save();
  return grant;
}

function signInPathOf(ctx: KoaContextWithOIDC, { uid }: { readonly uid: string }): string {
  return `${new URL(ctx.oidc.issuer).pathname}/sign-in/${uid}`;
}

/** What clients expect beyond the library. */
function completeAnswer(ctx: KoaContextWithOIDC, signer: TokenSigner): void {
  // The library lets pages of every origin read some answers; no page has any business here.
  Object.keys(ctx.response.headers)
    .filter((name) => name.startsWith('access-control-'))
    .forEach((name) => ctx.remove(name));
  const location = ctx.response.get('location') as string | undefined;
  if (location?.startsWith(`${OUT_OF_BAND}?`)) showAnswer(ctx, new URL(location).searchParams);
  if (ctx.status !== 200 || ctx.method !== 'POST') return;
  const body = ctx.body as Readonly<Record<string, unknown>>;
  const { route, entities } = ctx.oidc;
  if (route === 'device_authorization') {
    ctx.body = { ...body, interval: POLL_SECONDS };
  }
  const source = entities.AuthorizationCode ?? entities.DeviceCode;
  if (route === 'token' && source?.accountId !== undefined) {
    // sigstore-python takes the access token for the identity token; nothing else wants one.
    const token = signer.mint({ email: source.accountId, nonce: source.nonce });
    ctx.body = { ...body, access_token: token, id_token: token, expires_in: TOKEN_SECONDS };
  }
}

/** For a client without an address: browsers follow no redirect to a name. */
function showAnswer(ctx: KoaContextWithOIDC, answer: URLSearchParams): void {
  const code = answer.get('code');
  const page = code === null ? errorPage(answer.get('error_description') ?? 'There is no code.') : codePage(code);
  ctx.remove('location');
  ctx.status = page.status;
  ctx.type = 'html';
  ctx.body = page.html;
}
