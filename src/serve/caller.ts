/** Who may call a server at all: keeps web pages in the user's own browser away from servers on loopback. */

import type { IncomingMessage } from 'node:http';

import { UsageError } from '../base/errors.ts';

/** Whether only this machine can reach the address or name (no brackets, no port). */
export function isLoopbackHost(host: string): boolean {
  return host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host) || /^(?:[a-z0-9-]+\.)*localhost$/i.test(host);
}

/** Throws HOST_REFUSED when a loopback server is called by a name that is neither loopback nor one of its own `names`: DNS
 *  rebinding, where a page's own host name is made to resolve here; and when two names are given, of which somebody in
 *  front may have looked at the other. Throws ORIGIN_REFUSED when a page of another origin calls. */
export function requireTrustedCaller(
  request: IncomingMessage,
  isLoopbackOnly: boolean,
  names: readonly string[] = [],
): void {
  const { host = '', origin } = request.headers;
  const name = hostNameOf(host);
  if (hostHeadersOf(request) > 1) throw new UsageError('HOST_REFUSED', 'the request names its host twice');
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

/** Node keeps the first and says nothing of the others. @source RFC 9112 section 3.2 */
function hostHeadersOf({ rawHeaders }: IncomingMessage): number {
  return rawHeaders.filter((text, at) => at % 2 === 0 && text.length === 4 && text.toLowerCase() === 'host').length;
}

function hostNameOf(host: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(host);
  return bracketed?.[1] ?? host.replace(/:\d+$/, '');
}
