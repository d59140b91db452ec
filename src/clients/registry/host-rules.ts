/** Which hosts may see what: the rules against a registry that sends us, or our credentials, elsewhere. */

import { RemoteError } from '../../base/errors.ts';
import { hostNameOf, isLoopback } from '../http/host.ts';
import { redactedUrlOf } from '../http/failure.ts';

/** Registries whose tokens come from another domain, as of 2026. Docker Hub, GitLab and most others stay in their own. */
const TOKEN_HOSTS: Readonly<Record<string, readonly string[]>> = {
  'nvcr.io': ['authn.nvidia.com'],
  'registry.redhat.io': ['sso.redhat.com'],
  'rg.fr-par.scw.cloud': ['api.scaleway.com'],
  'rg.nl-ams.scw.cloud': ['api.scaleway.com'],
  'rg.pl-waw.scw.cloud': ['api.scaleway.com'],
};

export interface RealmRule {
  /** Where the challenge came from. */
  readonly registry: URL;
  readonly realm: URL;
  /** Whether a secret goes along. */
  readonly isSecret: boolean;
  /** Hosts the user named. */
  readonly authHosts: readonly string[];
}

/** Throws AUTH_HOST_REFUSED unless a token may be asked for at the realm. With a secret: over https (http from loopback
 *  to loopback), to the registry's own registrable domain, the table above, or a host that the user named. Without one:
 *  any https host, for there is nothing to steal. */
export async function requireRealm(rule: RealmRule): Promise<void> {
  const { registry, realm } = rule;
  const isLocal = isLoopback(hostNameOf(registry)) && isLoopback(hostNameOf(realm));
  const isPlainTwin = !rule.isSecret && registry.protocol === 'http:' && hostNameOf(registry) === hostNameOf(realm);
  if (realm.protocol !== 'https:' && !(realm.protocol === 'http:' && (isLocal || isPlainTwin))) {
    throw refused(rule, `${redactedUrlOf(realm)} would carry them unprotected`);
  }
  if (
    !rule.isSecret ||
    rule.authHosts.includes(realm.host) ||
    rule.authHosts.includes(hostNameOf(realm)) ||
    (await isOwnHost(registry, realm))
  ) {
    return;
  }
  throw refused(rule, `${realm.host} belongs to another domain`);
}

/** Where an answer sends us next. A Location that names the same host keeps our scheme: registries behind a proxy often
 *  do not know that they are spoken to over TLS. Throws REGISTRY_ANSWER_INVALID when it leads to plain HTTP elsewhere. */
export function locationOf(location: string | undefined, base: URL): URL {
  const url = location === undefined ? null : URL.parse(location, base.href);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new RemoteError('REGISTRY_ANSWER_INVALID', `${base.host} sends us on without saying where`, {
      url: redactedUrlOf(base),
    });
  }
  if (url.host === base.host) {
    url.protocol = base.protocol;
  }
  const isLocal = isLoopback(hostNameOf(base)) && isLoopback(hostNameOf(url));
  if (url.protocol === 'http:' && url.host !== base.host && !isLocal) {
    throw new RemoteError(
      'REGISTRY_ANSWER_INVALID',
      `${base.host} sends us on to ${redactedUrlOf(url)}, which is not protected by TLS`,
      {
        url: redactedUrlOf(base),
      },
    );
  }
  return url;
}

/** Whether two URLs reach the same server: what may be told to one may be told to the other. */
export function isSameServer(a: URL, b: URL): boolean {
  return a.protocol === b.protocol && a.host === b.host;
}

async function isOwnHost(registry: URL, realm: URL): Promise<boolean> {
  const [from, to] = [hostNameOf(registry), hostNameOf(realm)];
  if (from === to || TOKEN_HOSTS[from]?.includes(to) === true) {
    return true;
  }
  const { registrableDomainOf } = await import('./registrable-domain.ts');
  const domain = registrableDomainOf(from);
  return domain !== undefined && domain === registrableDomainOf(to);
}

function refused(rule: RealmRule, why: string): RemoteError {
  const { registry, realm } = rule;
  const what = rule.isSecret ? 'credentials' : 'a token request';
  return new RemoteError(
    'AUTH_HOST_REFUSED',
    `${registry.host} asks to send ${what} to ${redactedUrlOf(realm)}: refused, ${why}`,
    {
      url: redactedUrlOf(registry),
      details: { registry: registry.host, authHost: realm.host },
    },
  );
}
