/** The identity token to sign with: a given one, or one for which somebody logs in. */

import { parseUtf8 } from '../base/bytes.ts';
import { InputError, UsageError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { printableOf } from '../base/printable.ts';
import type { Runtime } from '../base/runtime.ts';
import { isTokenText, parseIdentityToken } from '../formats/jwt/identity-token.ts';
import type { IdentityToken } from '../formats/jwt/identity-token.ts';
import type { ValuesOf } from './flag.ts';
import type { identityTokenFlags } from './flags/keyless.ts';
import { readInputFile } from './input-file.ts';
import type { Session } from './session.ts';
import { readLine } from './terminal-input.ts';

type Values = ValuesOf<typeof identityTokenFlags>;

/** `issuer`: where to log in. Throws TOKEN_MALFORMED, TOKEN_CLAIMS, TOKEN_AUDIENCE, LOGIN_IMPOSSIBLE, LOGIN_FAILED,
 *  SIGNING_SERVICE_MISSING, FLAGS_CONFLICT, and what reading the files throws. */
export async function identityTokenOf(
  values: Values,
  session: Session,
  runtime: Runtime,
  issuer: URL | undefined,
): Promise<IdentityToken> {
  const text = (await givenToken(values, session)) ?? (await logIn(values, session, runtime, issuer));
  const token = parseIdentityToken(text);
  const clientId = values['oidc-client-id'];
  if (!token.audiences.includes(clientId)) {
    throw new InputError('TOKEN_AUDIENCE', `the identity token is not meant for ${JSON.stringify(clientId)}`, {
      hint: `Ask the issuer for a token with the audience ${JSON.stringify(clientId)}, or say with --oidc-client-id which one the certificate authority wants.`,
    });
  }
  return token;
}

async function givenToken(values: Values, session: Session): Promise<string | undefined> {
  const { 'identity-token': given, 'fulcio-auth-flow': flow } = values;
  const isLogin = flow === 'normal' || flow === 'device';
  if (given !== undefined) {
    if (isLogin)
      throw new UsageError('FLAGS_CONFLICT', `--identity-token and --fulcio-auth-flow=${flow}: a token needs no login`);
    if (isTokenText(given)) return given;
    return parseUtf8(await readInputFile(session, given, limits.identityTokenCharacters)).trim();
  }
  if (isLogin || values['oidc-disable-ambient-providers']) return undefined;
  const ambient = session.environment['SIGSTORE_ID_TOKEN'];
  if (ambient === undefined || ambient === '') return undefined;
  session.log.noteOnce('Using the identity token of SIGSTORE_ID_TOKEN');
  return ambient.trim();
}

async function logIn(values: Values, session: Session, runtime: Runtime, issuerUrl: URL | undefined): Promise<string> {
  const flow = values['fulcio-auth-flow'];
  // Nobody is waited for who cannot be there.
  if (flow === 'token' || (flow === undefined && !isAtTerminal(session))) {
    throw new UsageError(
      'LOGIN_IMPOSSIBLE',
      flow === 'token'
        ? 'no identity token is given'
        : 'no identity token is given, and this is no terminal to log in from',
    );
  }
  if (issuerUrl === undefined) {
    throw new InputError('SIGNING_SERVICE_MISSING', 'no issuer to log in at', {
      hint: 'Name it with --oidc-issuer URL, or give a token with --identity-token FILE.',
    });
  }
  const clientSecret = await secretOf(values, session);
  // Loaded here: with a token none of it is needed.
  const { openIssuer } = await import('../clients/oidc/issuer.ts');
  const issuer = await openIssuer(runtime, {
    issuer: issuerUrl,
    clientId: values['oidc-client-id'],
    ...(clientSecret === undefined ? {} : { clientSecret }),
  });
  if (flow === 'device') {
    const { logInWithDevice } = await import('../clients/oidc/device-login.ts');
    return logInWithDevice(runtime, issuer, { issuerUrl, show: (login) => showDeviceLogin(session, login) });
  }
  const [{ logInWithBrowser }, { openBrowser }] = await Promise.all([
    import('../clients/oidc/browser-login.ts'),
    import('../clients/oidc/browser.ts'),
  ]);
  const redirect = values['oidc-redirect-url'];
  return logInWithBrowser(runtime, issuer, {
    issuerUrl,
    ...(redirect === undefined ? {} : { redirectUrl: redirectUrlOf(redirect) }),
    openBrowser: (url) => {
      session.log.note(`Your browser will now be opened to: ${url.href}`);
      return openBrowser(url, session.environment);
    },
    readCode: (url) => readCode(session, url),
  });
}

function isAtTerminal({ stdin, stderr }: Session): boolean {
  return stdin.isTTY && stderr.isTTY;
}

async function secretOf(values: Values, session: Session): Promise<string | undefined> {
  const file = values['oidc-client-secret-file'];
  if (file === undefined) return undefined;
  return parseUtf8(await readInputFile(session, file, limits.passwordBytes)).trim();
}

function redirectUrlOf(text: string): URL {
  const url = URL.parse(text);
  if (url === null) throw new UsageError('FLAG_VALUE_INVALID', '--oidc-redirect-url: expected http://localhost:PORT/…');
  return url;
}

function showDeviceLogin(
  { log }: Session,
  {
    userCode,
    verificationUrl,
    expiresInSeconds,
  }: { readonly userCode: string; readonly verificationUrl: URL; readonly expiresInSeconds: number },
): void {
  log.note(
    `Enter the verification code ${printableOf(userCode.slice(0, 100))} in your browser at: ${verificationUrl.href}`,
  );
  log.note(`Code will be valid for ${expiresInSeconds} seconds`);
}

async function readCode(session: Session, url: URL): Promise<string | undefined> {
  session.log.note(`No browser could be opened. Go to the following link in a browser: ${url.href}`);
  return isAtTerminal(session) ? readLine(session, 'Enter verification code: ') : undefined;
}
