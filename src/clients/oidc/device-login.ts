/** Logs a person in who types a code on another device. @source RFC 8628 */

import { limits } from '../../base/limits.ts';
import type { Runtime } from '../../base/runtime.ts';
import { createLoginSecrets } from './browser-login.ts';
import { loginFailed } from './issuer.ts';
import type { DeviceLogin, OidcIssuer } from './issuer.ts';

export interface DeviceLoginRequest {
  readonly issuerUrl: URL;
  /** Tells the person where to type what. */
  readonly show: (login: Pick<DeviceLogin, 'userCode' | 'verificationUrl' | 'expiresInSeconds'>) => void;
}

/** What RFC 8628 adds when the issuer asks us to slow down. */
const SLOWER_SECONDS = 5;
const LONGEST_SECONDS = 900;

/** The identity token. Asks until the code expires. Throws LOGIN_FAILED, the signal's reason, and what the issuer's
 *  requests throw. */
export async function logInWithDevice(
  runtime: Runtime,
  issuer: OidcIssuer,
  { issuerUrl, show }: DeviceLoginRequest,
): Promise<string> {
  if (!issuer.hasDeviceFlow) throw loginFailed(issuerUrl, 'it has no login by another device');
  const login = await issuer.startDeviceLogin(createLoginSecrets(runtime));
  show(login);
  let intervalSeconds = Math.min(Math.max(login.intervalSeconds, 1), limits.devicePollSeconds);
  const lifetimeSeconds = Math.min(login.expiresInSeconds, LONGEST_SECONDS);
  for (let waited = 0; waited < lifetimeSeconds; waited += intervalSeconds) {
    await runtime.sleep(intervalSeconds * 1000);
    const answer = await login.poll();
    if (typeof answer === 'object') return answer.token;
    if (answer === 'slow-down') intervalSeconds = Math.min(intervalSeconds + SLOWER_SECONDS, limits.devicePollSeconds);
  }
  throw loginFailed(issuerUrl, 'the code expired before anybody logged in');
}
