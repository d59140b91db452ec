/** A development issuer that listens, and a browser of a few lines: cookies, redirects, forms. */

import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { TestContext } from 'node:test';

import { CountersignError } from '../../src/base/errors.ts';
import { createDevelopmentIssuer } from '../../src/servers/oidc/development-issuer.ts';
import type { DevelopmentIssuer } from '../../src/servers/oidc/development-issuer.ts';
import { sendJson } from '../../src/serve/exchange.ts';
import { startServer } from '../../src/serve/server.ts';

export interface IssuerLab {
  /** "http://localhost:4711/oidc". */
  readonly url: string;
  readonly issuer: DevelopmentIssuer;
  readonly key: KeyObject;
  /** What the issuer warned of. */
  readonly warnings: readonly string[];
  /** Moves the issuer's clock. */
  readonly pass: (ms: number) => void;
}

let key: KeyObject | undefined;

export async function openIssuerLab(t: TestContext): Promise<IssuerLab> {
  key ??= generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const warnings: string[] = [];
  const nothing = (): void => undefined;
  let offsetMs = 0;
  // It must know the port on which it will be called.
  const opened: { issuer?: DevelopmentIssuer } = {};
  const server = await startServer({
    listen: { host: '127.0.0.1', port: 0 },
    handle: async (request, response) => opened.issuer?.handle(request, response),
    answerError: (error, _request, response) => {
      const known = error instanceof CountersignError ? error : undefined;
      sendJson(response, known?.entry.http ?? 500, {}, { code: known?.code ?? String(error) });
    },
  });
  t.after(() => server.close());
  const url = `http://localhost:${server.host.split(':')[1]}/oidc`;
  const issuer = createDevelopmentIssuer({
    url,
    signingKey: key,
    now: () => new Date(Date.now() + offsetMs),
    log: { note: nothing, noteOnce: nothing, debug: nothing, warn: (text) => warnings.push(text) },
  });
  opened.issuer = issuer;
  return { url, issuer, key, warnings, pass: (ms) => (offsetMs += ms) };
}

/** A page or redirect as a browser sees it. */
export interface Seen {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Where it redirects to. */
  readonly location: string | undefined;
}

export interface Browser {
  readonly cookies: Map<string, string>;
  readonly get: (address: string, headers?: Readonly<Record<string, string>>) => Promise<Seen>;
  readonly post: (
    address: string,
    form: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Seen>;
}

/** Keeps cookies by their paths, and sends Origin with each form as browsers do. */
export function createBrowser(): Browser {
  const cookies = new Map<string, string>();
  const send = async (address: string, init: RequestInit): Promise<Seen> => {
    const { pathname } = new URL(address);
    const sent = Array.from(cookies).filter(([id]) => pathname.startsWith(id.split(' ')[1] ?? '/'));
    const cookie = sent.map(([id, value]) => `${id.split(' ')[0]}=${value}`).join('; ');
    const headers = { ...(cookie === '' ? {} : { cookie }), ...(init.headers as Record<string, string>) };
    const answer = await fetch(address, { ...init, headers, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      const path = /path=([^;]*)/i.exec(line)?.[1] ?? '/';
      if (/expires=Thu, 01 Jan 1970/i.test(line)) cookies.delete(`${name} ${path}`);
      else cookies.set(`${name} ${path}`, value);
    }
    const location = answer.headers.get('location');
    return {
      status: answer.status,
      headers: answer.headers,
      text: await answer.text(),
      location: location === null ? undefined : new URL(location, address).href,
    };
  };
  return {
    cookies,
    get: (address, headers = {}) => send(address, { headers }),
    post: (address, form, headers = {}) =>
      send(address, {
        method: 'POST',
        body: new URLSearchParams(form),
        headers: { origin: new URL(address).origin, 'sec-fetch-site': 'same-origin', ...headers },
      }),
  };
}

/** The hidden fields of a page's form. */
export function hiddenFieldsOf({ text }: Seen): Record<string, string> {
  const fields = text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g);
  return Object.fromEntries(Array.from(fields, ([, name = '', value = '']) => [name, value]));
}
