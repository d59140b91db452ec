/** Who may call a server at all: keeps web pages in the user's own browser away from servers on loopback. */

import type { IncomingMessage } from 'node:http';

import { UsageError } from '../base/errors.ts';

/** Whether only this machine can reach the address or name (no brackets, no port). */
export function isLoopbackHost(host: string): boolean {
  return host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host) || /^(?:[a-z0-9-]+\.)*localhost$/i.test(host);
}

/** Throws HOST_REFUSED when a loopback server is called by a name that is neither loopback nor one of its own `names`: DNS
 *  rebinding, where a page's own host name is made to resolve here. Throws ORIGIN_REFUSED when a page of another origin
 *  calls. */
export function requireTrustedCaller(
  request: IncomingMessage,
  isLoopbackOnly: boolean,
  names: readonly string[] = [],
): void {
  const { host = '', origin } = request.headers;
  const name = hostNameOf(host);
  if (isLoopbackOnly && !isLoopbackHost(name) && !names.includes(name.toLowerCase())) {
    throw new UsageError(
      'HOST_REFUSED',
      `this server listens on loopback only, and was called as ${JSON.stringify(host)}`,
    );
  }
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
    throw new UsageError('ORIGIN_REFUSED', `pages of ${JSON.stringify(origin)} may not call this server`);
  }
}

function hostNameOf(host: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(host);
  return bracketed?.[1] ?? host.replace(/:\d+$/, '');
}
