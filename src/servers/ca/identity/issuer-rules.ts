/** What each type of issuer must and must not be configured with, so that no issuer can vouch for another's names. */

import { hostNameOf, isLoopback } from '../../../clients/http/host.ts';
import { registrableDomainOf } from '../../../clients/registry/registrable-domain.ts';
import type { CiProvider } from './ci-provider.ts';
import { invalidConfiguration } from './configuration-file.ts';
import type { IssuerSource, Naming } from './issuer.ts';

/** Types of issuers whose tokens are those of the CI provider of the same name. */
const CI_TYPES: readonly string[] = ['buildkite-job', 'codefresh-workflow', 'github-workflow', 'gitlab-pipeline'];
const TYPES = ['chainguard-identity', 'ci-provider', 'email', 'kubernetes', 'spiffe', 'uri', 'username', ...CI_TYPES];

/** An issuer with one URL is spoken to over https; over http only on this machine. Throws ISSUER_CONFIGURATION_INVALID. */
export function requireIssuerUrl(text: string): void {
  const url = URL.parse(text);
  if (url === null || !(url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(hostNameOf(url))))) {
    throw invalidConfiguration('the key must be an https:// URL; http:// is for loopback alone');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw invalidConfiguration('the key must be a host and a path alone');
  }
}

/** Throws ISSUER_CONFIGURATION_INVALID for a setting that lacks, or that this type has no use for. */
export function namingOf(
  url: string,
  source: IssuerSource,
  isPattern: boolean,
  providers: ReadonlyMap<string, CiProvider>,
): Naming {
  const { type } = source;
  requireUse(source, 'ci-provider', type === 'ci-provider');
  requireUse(source, 'issuer-claim', type === 'email');
  requireUse(source, 'skip-email-verification', type === 'email');
  requireUse(source, 'subject-domain', type === 'uri' || type === 'username');
  requireUse(source, 'spiffe-trust-domain', type === 'spiffe');
  if (isPattern && ['spiffe', 'uri', 'username'].includes(type)) {
    throw invalidConfiguration(`the domain of an issuer of type ${type} cannot belong to many issuers`);
  }
  if (type === 'ci-provider' || CI_TYPES.includes(type)) return ciNamingOf(source['ci-provider'] ?? type, providers);
  return plainNamingOf(url, source);
}

function plainNamingOf(url: string, source: IssuerSource): Naming {
  const domain = source['subject-domain'] ?? '';
  switch (source.type) {
    case 'email': {
      const issuerClaim = source['issuer-claim'] ? claimPathOf(source['issuer-claim']) : undefined;
      return { kind: 'email', issuerClaim, isVerificationSkipped: source['skip-email-verification'] === true };
    }
    case 'uri':
      return { kind: 'uri', origin: subjectOriginOf(domain, url) };
    case 'username':
      return { kind: 'username', domain: subjectDomainOf(domain, url) };
    case 'spiffe':
      return { kind: 'spiffe', trustDomain: trustDomainOf(source['spiffe-trust-domain'] ?? '') };
    case 'kubernetes':
      return { kind: 'kubernetes' };
    case 'chainguard-identity':
      return { kind: 'chainguard' };
    default:
      throw invalidConfiguration(`the type ${JSON.stringify(source.type)} is not known; known are ${TYPES.join(', ')}`);
  }
}

function requireUse(source: IssuerSource, key: keyof IssuerSource, isUsed: boolean): void {
  const value = source[key];
  if (!isUsed && value !== undefined && value !== '' && value !== false) {
    throw invalidConfiguration(`${key} has no use for the type ${JSON.stringify(source.type)}`);
  }
}

function ciNamingOf(name: string, providers: ReadonlyMap<string, CiProvider>): Naming {
  const provider = providers.get(name);
  if (provider === undefined) {
    const known = [...providers.keys()].join(', ');
    throw invalidConfiguration(`the ci-provider ${JSON.stringify(name)} is not defined; defined are ${known}`);
  }
  return { kind: 'ci', provider };
}

/** "$.federated_claims.connector_id" */
function claimPathOf(text: string): readonly string[] {
  if (!/^\$(?:\.[A-Za-z_][\w-]*)+$/.test(text)) {
    throw invalidConfiguration('issuer-claim must be of the form $.member.member');
  }
  return text.split('.').slice(1);
}

function subjectOriginOf(domain: string, issuerUrl: string): string {
  const url = URL.parse(domain);
  const origin = url?.origin ?? '';
  if (url === null || (domain !== origin && domain !== `${origin}/`)) {
    throw invalidConfiguration('subject-domain must be of the form https://host, in lower case');
  }
  if (url.protocol !== new URL(issuerUrl).protocol) {
    throw invalidConfiguration('subject-domain and issuer must have the same scheme');
  }
  requireSameOwner(hostNameOf(url), issuerUrl);
  return origin;
}

function subjectDomainOf(domain: string, issuerUrl: string): string {
  if (!/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(domain)) {
    throw invalidConfiguration('subject-domain must be a host name in lower case, without a scheme');
  }
  requireSameOwner(domain, issuerUrl);
  return domain;
}

/** Whoever runs accounts.example.com may vouch for names of example.com and users.example.com, and no others. */
function requireSameOwner(host: string, issuerUrl: string): void {
  const issuerHost = hostNameOf(new URL(issuerUrl));
  const owned = registrableDomainOf(host);
  if (host !== issuerHost && (owned === undefined || owned !== registrableDomainOf(issuerHost))) {
    throw invalidConfiguration(
      `subject-domain ${host} and the issuer's host ${issuerHost} belong to different domains`,
    );
  }
}

/** @source SPIFFE-ID section 2.1 */
function trustDomainOf(text: string): string {
  if (!/^[a-z0-9._-]{1,255}$/.test(text)) {
    throw invalidConfiguration('spiffe-trust-domain must consist of a-z, 0-9, ".", "-" and "_"');
  }
  return text;
}
