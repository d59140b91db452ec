/** The part of a host name that one owner registered. The only file that knows `tldts`, which is large: import it on use. */

import { getDomain } from 'tldts';

/** "gitlab.com" for "registry.gitlab.com"; undefined for addresses and for names that are public suffixes themselves.
 *  Suffixes under which hosting companies let anyone register count as public ("a.azurecr.io" owns only itself). */
export function registrableDomainOf(hostName: string): string | undefined {
  return getDomain(hostName, { allowPrivateDomains: true }) ?? undefined;
}
