/** Whose tokens a certificate authority believes, and what each issuer may vouch for: Fulcio's own configuration file.
 *  @source github.com/sigstore/fulcio, pkg/config/config.go and config/identity/config.yaml */

import { decodeDocument, decodeMap, optional } from '../../../base/decode.ts';
import type { Decoded } from '../../../base/decode.ts';
import { CountersignError, messageOf } from '../../../base/errors.ts';
import type { JsonValue } from '../../../base/json.ts';
import { parseCertificates } from '../../../clients/http/trust.ts';
import { builtInProviders } from './ci-provider-table.ts';
import { ciProviderOf, decodeCiProviderSource } from './ci-provider.ts';
import type { CiProvider } from './ci-provider.ts';
import { invalidConfiguration, parseConfigurationFile } from './configuration-file.ts';
import { decodeMembers } from './configuration-members.ts';
import { parseIssuerPattern } from './issuer-pattern.ts';
import { namingOf, requireIssuerUrl } from './issuer-rules.ts';
import { decodeIssuer } from './issuer.ts';
import type { Issuer, IssuerSource } from './issuer.ts';

export interface IssuerConfiguration {
  /** By URL. */
  readonly issuers: ReadonlyMap<string, Issuer>;
  /** In the order of the file; the first that matches counts. */
  readonly metaIssuers: readonly Issuer[];
}

const decodeFile = decodeMembers({
  'oidc-issuers': optional(decodeMap(decodeIssuer)),
  'meta-issuers': optional(decodeMap(decodeIssuer)),
  'ci-issuer-metadata': optional(decodeMap(decodeCiProviderSource)),
  // A place for anchors; nothing in it counts by itself.
  define: optional((value) => value),
});

/** Reads YAML or JSON; every setting is checked, and every template read. Throws ISSUER_CONFIGURATION_INVALID. */
export function parseIssuerConfiguration(text: string): IssuerConfiguration {
  const file = decodedOf(parseConfigurationFile(text));
  const sources = { ...builtInProviders, ...file['ci-issuer-metadata'] };
  const providers = new Map(
    Object.entries(sources).map(([name, source]) => [
      name,
      within(`ci-issuer-metadata ${name}`, () => ciProviderOf(source)),
    ]),
  );
  const issuerOf = (url: string, source: IssuerSource, isPattern: boolean): Issuer =>
    within(`${isPattern ? 'meta-issuers' : 'oidc-issuers'} ${url}`, () =>
      readIssuer(url, source, isPattern, providers),
    );
  const issuers = Object.entries(file['oidc-issuers'] ?? {}).map(([url, source]) => issuerOf(url, source, false));
  const metaIssuers = Object.entries(file['meta-issuers'] ?? {}).map(([url, source]) => issuerOf(url, source, true));
  return { issuers: new Map(issuers.map((issuer) => [issuer.url, issuer])), metaIssuers };
}

/** Who vouches for a token that names this issuer. */
export function findIssuer({ issuers, metaIssuers }: IssuerConfiguration, url: string): Issuer | undefined {
  return issuers.get(url) ?? metaIssuers.find(({ pattern }) => pattern?.test(url) === true);
}

function decodedOf(value: JsonValue): Decoded<typeof decodeFile> {
  try {
    return decodeDocument(value, decodeFile, 'issuer configuration');
  } catch (cause) {
    throw cause instanceof CountersignError ? invalidConfiguration(cause.message, cause) : cause;
  }
}

function readIssuer(
  url: string,
  source: IssuerSource,
  isPattern: boolean,
  providers: ReadonlyMap<string, CiProvider>,
): Issuer {
  if ((source['issuer-url'] ?? url) !== url) throw invalidConfiguration('issuer-url must be the same as the key');
  if (source['client-id'] === '') throw invalidConfiguration('client-id is empty: tokens for anybody would do');
  if (!isPattern) requireIssuerUrl(url);
  const naming = namingOf(url, source, isPattern, providers);
  const caPem = source['ca-cert'] || undefined;
  if (caPem !== undefined) parseCertificates(caPem, 'ca-cert');
  return {
    url,
    pattern: isPattern ? parseIssuerPattern(url) : undefined,
    audience: source['client-id'],
    type: source.type,
    naming,
    challengeClaim: challengeClaimOf(source['challenge-claim'] || (naming.kind === 'email' ? 'email' : 'sub')),
    caPem,
  };
}

function challengeClaimOf(name: string): 'email' | 'sub' {
  if (name !== 'email' && name !== 'sub') throw invalidConfiguration('challenge-claim must be "email" or "sub"');
  return name;
}

/** Says in which part of the file something is wrong. */
function within<T>(place: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof CountersignError)) throw cause;
    throw invalidConfiguration(`issuer configuration: ${place.slice(0, 300)}: ${messageOf(cause)}`, cause);
  }
}
