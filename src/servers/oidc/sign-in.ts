/** The two pages on which somebody says who they are. A GET only shows; what a POST does is in the form's own words. */

import type { IncomingMessage, ServerResponse } from 'node:http';

import { UsageError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { FormProtection } from './form-protection.ts';
import { devicePage, donePage, signInPage } from './page.ts';
import type { Page } from './page.ts';
import { grantOf, SCOPE } from './provider.ts';
import type { Provider } from './provider.ts';

/** A request to one of our pages. */
export interface PageCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** What a POST brought. */
  readonly form: URLSearchParams | undefined;
}

/** Throws FORM_REFUSED. */
export type PageEndpoint = (provider: Provider, call: PageCall) => Promise<Page | undefined>;

const NOT_AN_ADDRESS = 'This is not an e-mail address.';

/** The page to which the provider sends a browser that asked for a code; undefined once it is on its way back. */
export function signInEndpoint(protection: FormProtection): PageEndpoint {
  return async (provider, { request, response, url, form }) => {
    // The browser's signed cookie names the sign-in: an address that somebody else was given is of no use here.
    const interaction = await provider.interactionDetails(request, response).catch(() => undefined);
    if (interaction === undefined || !url.pathname.endsWith(`/${interaction.uid}`)) {
      throw new UsageError('FORM_REFUSED', 'this sign-in has ended, or was begun in another browser');
    }
    const email = form?.get('email')?.trim() ?? '';
    if (form !== undefined) {
      protection.requireOwn(request, url.pathname, form);
      if (isEmail(email)) {
        await provider.interactionFinished(request, response, { login: { accountId: email, remember: false } });
        return undefined;
      }
    }
    const fields = protection.fieldsOf(request, response, url.pathname);
    const redirect = String(interaction.params['redirect_uri']);
    return signInPage(redirect, fields, email, form === undefined ? undefined : NOT_AN_ADDRESS);
  };
}

/** The page whose address a device shows. */
export function deviceEndpoint(protection: FormProtection, nowMs: () => number): PageEndpoint {
  const guesses = createGuessGuard(nowMs);
  return async (provider, { request, response, url, form }) => {
    const userCode = (form ?? url.searchParams).get('user_code') ?? '';
    const email = form?.get('email')?.trim() ?? '';
    let error: string | undefined;
    if (form !== undefined) {
      protection.requireOwn(request, url.pathname, form);
      if (!isEmail(email)) error = NOT_AN_ADDRESS;
      else if (guesses.areTooMany()) error = 'Too many wrong codes. Wait ten minutes, or restart the stack.';
      else if (await approveDevice(provider, userCode, email)) return donePage(email);
      else {
        guesses.count();
        error = 'No device waits with this code. Codes are good for ten minutes, and once.';
      }
    }
    return devicePage(protection.fieldsOf(request, response, url.pathname), userCode, email, error);
  };
}

/** Whether there was a device that waited. */
async function approveDevice(provider: Provider, userCode: string, email: string): Promise<boolean> {
  const device = await provider.DeviceCode.findByUserCode(userCode.toUpperCase().replaceAll(/[^A-Z]/g, ''));
  if (device === undefined || device.accountId !== undefined || device.isExpired) return false;
  const grant = await grantOf(provider, email);
  Object.assign(device, { accountId: email, grantId: grant?.jti, scope: SCOPE });
  await device.save();
  return true;
}

/** Counts wrong codes in spans of ten minutes, as long as a code is good for. */
function createGuessGuard(nowMs: () => number): { readonly areTooMany: () => boolean; readonly count: () => void } {
  let startMs = nowMs();
  let wrong = 0;
  return {
    areTooMany: () => {
      if (nowMs() - startMs > 600_000) {
        startMs = nowMs();
        wrong = 0;
      }
      return wrong >= limits.issuerGuesses;
    },
    count: () => {
      wrong += 1;
    },
  };
}

/** What a certificate can name: ASCII, no quotes, no brackets. */
function isEmail(text: string): boolean {
  return text.length <= 254 && /^[A-Za-z0-9.!#$%&*+/=?^_{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(text);
}
