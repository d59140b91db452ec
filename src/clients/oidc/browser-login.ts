/** Logs a person in with a browser. The browser comes back to a server that listens on loopback for this one login; where
 *  no browser can be opened, the person copies a code. @source RFC 8252 section 7.3, RFC 7636 */

import { base64UrlOf, utf8Of } from '../../base/bytes.ts';
import { limits } from '../../base/limits.ts';
import type { Runtime } from '../../base/runtime.ts';
import { hashOf } from '../../crypto/hash.ts';
import { openCallbackServer } from './callback-server.ts';
import { loginFailed } from './issuer.ts';
import type { LoginSecrets, OidcIssuer } from './issuer.ts';

export interface BrowserLogin {
  readonly issuerUrl: URL;
  /** On loopback. Undefined: any free port. */
  readonly redirectUrl?: URL;
  /** False when no browser could be opened. */
  readonly openBrowser: (url: URL) => Promise<boolean>;
  /** Asks the person for the code that the issuer shows; undefined when nothing was typed. */
  readonly readCode: (url: URL) => Promise<string | undefined>;
  /** By default `limits.loginMs`. */
  readonly waitMs?: number;
}

/** Where the issuer shows the code instead of sending the browser anywhere. */
const SHOW_THE_CODE = 'urn:ietf:wg:oauth:2.0:oob';
const STATE_BYTES = 16;
const VERIFIER_BYTES = 32;

/** The identity token. Throws LOGIN_FAILED, LISTEN_FAILED, the signal's reason, and what the issuer's requests throw. */
export async function logInWithBrowser(runtime: Runtime, issuer: OidcIssuer, login: BrowserLogin): Promise<string> {
  const secrets = createLoginSecrets(runtime);
  const server = await openCallbackServer(login.redirectUrl, secrets.state);
  try {
    const isOpen = await login.openBrowser(issuer.loginUrl(secrets, server.redirectUrl));
    if (isOpen) {
      const answer = await server.wait(login.waitMs ?? limits.loginMs, runtime.signal);
      if (answer === undefined) throw loginFailed(login.issuerUrl, 'nobody logged in before the time was over');
      return await issuer.redeem(answer, secrets, server.redirectUrl);
    }
  } finally {
    server.close();
  }
  // A login of its own: nothing of the one that may still come back counts.
  const copied = { ...createLoginSecrets(runtime), state: undefined };
  const code = (await login.readCode(issuer.loginUrl(copied, SHOW_THE_CODE)))?.trim() ?? '';
  if (code === '') throw loginFailed(login.issuerUrl, 'no code was given');
  const answer = new URLSearchParams({ code, iss: issuer.name });
  return issuer.redeem(answer, copied, SHOW_THE_CODE);
}

/** What only this process knows until the login is over. */
export function createLoginSecrets({ random }: Pick<Runtime, 'random'>): LoginSecrets & { readonly state: string } {
  const verifier = base64UrlOf(random(VERIFIER_BYTES));
  return {
    state: base64UrlOf(random(STATE_BYTES)),
    nonce: base64UrlOf(random(STATE_BYTES)),
    verifier,
    challenge: base64UrlOf(hashOf('sha256', utf8Of(verifier))),
  };
}
