/** Forms that only a person at this issuer's own page can send: a page of somebody else's must not sign anyone in. */

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { UsageError } from '../../base/errors.ts';
import type { HiddenFields } from './page.ts';

export interface FormProtection {
  /** The hidden fields of a form that is sent to this path; sets the cookie that they belong to. */
  readonly fieldsOf: (request: IncomingMessage, response: ServerResponse, path: string) => HiddenFields;
  /** Throws FORM_REFUSED unless the form was made for this browser and path, and sent from our own page. */
  readonly requireOwn: (request: IncomingMessage, path: string, form: URLSearchParams) => void;
}

const COOKIE = 'form';

/** `issuer` ends in the path below which the forms live. */
export function createFormProtection(issuer: string): FormProtection {
  const key = randomBytes(32);
  const { origin, pathname, protocol } = new URL(issuer);
  const tokenOf = (cookie: string, path: string): Buffer =>
    createHmac('sha256', key).update(`${cookie} ${path}`).digest();
  return {
    fieldsOf: (request, response, path) => {
      const cookie = cookieOf(request) ?? randomBytes(16).toString('hex');
      const secure = protocol === 'https:' ? '; Secure' : '';
      response.appendHeader('Set-Cookie', `${COOKIE}=${cookie}; Path=${pathname}; HttpOnly; SameSite=Strict${secure}`);
      return { form_token: tokenOf(cookie, path).toString('hex') };
    },
    requireOwn: (request, path, form) => {
      const { origin: sender, 'sec-fetch-site': site } = request.headers;
      if (sender !== origin || (site !== undefined && site !== 'same-origin')) {
        throw new UsageError('FORM_REFUSED', `the form was not sent from a page of ${origin}`);
      }
      const cookie = cookieOf(request);
      const token = Buffer.from(form.get('form_token') ?? '', 'hex');
      const expected = cookie === undefined ? undefined : tokenOf(cookie, path);
      if (expected === undefined || token.length !== expected.length || !timingSafeEqual(token, expected)) {
        throw new UsageError('FORM_REFUSED', 'the form was made for another page or browser, or before a restart');
      }
    },
  };
}

function cookieOf(request: IncomingMessage): string | undefined {
  return /(?:^|; )form=([0-9a-f]{32})(?:;|$)/.exec(request.headers.cookie ?? '')?.[1];
}
