/** Signing configurations: which services to sign with. @source sigstore/protobuf-specs protos/sigstore_trustroot.proto,
 *  SigningConfig of version 0.2 */

import { utf8Of } from '../../base/bytes.ts';
import { decodeArray, decodeCount, decodeDocument, decodeLiteral, decodeString, optional } from '../../base/decode.ts';
import type { Decoder } from '../../base/decode.ts';
import { InputError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import { parseRfc3339 } from '../../base/time.ts';
import { decodeMessage } from '../proto-json.ts';
import { periodJsonOf } from './trusted-root.ts';
import type { ValidityPeriod } from './trusted-root.ts';

export interface SigningService {
  readonly url: string;
  /** Of the service's interface: 1 for Rekor v1, 2 for Rekor v2. */
  readonly majorApiVersion: number;
  readonly validFor: ValidityPeriod;
  readonly operator: string;
}

/** How many of the services to use. */
export type ServiceSelection =
  | { readonly selector: 'ANY' | 'ALL' }
  | { readonly selector: 'EXACT'; readonly count: number };

export interface SigningConfig {
  readonly authorities: readonly SigningService[];
  readonly issuers: readonly SigningService[];
  readonly logs: readonly SigningService[];
  readonly logSelection: ServiceSelection;
  readonly timestampAuthorities: readonly SigningService[];
  readonly timestampSelection: ServiceSelection;
}

const SIGNING_CONFIG_MEDIA_TYPE = 'application/vnd.dev.sigstore.signingconfig.v0.2+json';
const WHAT = 'signing configuration';

/** Reads a configuration of version 0.2. Throws SIGNING_CONFIG_MALFORMED, INPUT_TOO_LARGE. */
export function parseSigningConfig(bytes: Uint8Array): SigningConfig {
  try {
    const json = parseJson(bytes, { what: WHAT, maxBytes: limits.signingConfigBytes });
    const config = decodeDocument(json, decodeConfig, WHAT);
    return {
      authorities: config.caUrls ?? [],
      issuers: config.oidcUrls ?? [],
      logs: config.rekorTlogUrls ?? [],
      logSelection: config.rekorTlogConfig ?? { selector: 'ANY' },
      timestampAuthorities: config.tsaUrls ?? [],
      timestampSelection: config.tsaConfig ?? { selector: 'ANY' },
    };
  } catch (cause) {
    if (!(cause instanceof InputError) || cause.code === 'INPUT_TOO_LARGE') throw cause;
    throw new InputError('SIGNING_CONFIG_MALFORMED', cause.message, { cause });
  }
}

/** The configuration as JSON with the members that released clients read, indented. */
export function encodeSigningConfig(config: SigningConfig): Uint8Array {
  return utf8Of(`${JSON.stringify(signingConfigJsonOf(config), undefined, 2)}\n`);
}

/** The same for clients of version 0.1, which knows one authority and one issuer. */
export function encodeSigningConfigV01({
  authorities,
  issuers,
  logs,
  timestampAuthorities,
}: SigningConfig): Uint8Array {
  const urlOf = ({ url }: SigningService): string => url;
  const document = {
    mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.1+json',
    ...(authorities[0] && { caUrl: authorities[0].url }),
    ...(issuers[0] && { oidcUrl: issuers[0].url }),
    tlogUrls: logs.map(urlOf),
    tsaUrls: timestampAuthorities.map(urlOf),
  };
  return utf8Of(`${JSON.stringify(document, undefined, 2)}\n`);
}

/** What `encodeSigningConfig` writes, as a part of another document. */
export function signingConfigJsonOf(config: SigningConfig): object {
  return {
    mediaType: SIGNING_CONFIG_MEDIA_TYPE,
    caUrls: config.authorities.map(serviceJsonOf),
    oidcUrls: config.issuers.map(serviceJsonOf),
    rekorTlogUrls: config.logs.map(serviceJsonOf),
    tsaUrls: config.timestampAuthorities.map(serviceJsonOf),
    rekorTlogConfig: config.logSelection,
    tsaConfig: config.timestampSelection,
  };
}

/** Those to use: of interface version 1, valid now, the newest of each operator; as many as the selection says.
 *  Throws SIGNING_CONFIG_UNUSABLE when there are services and not enough that can be used. */
export function selectServices(
  services: readonly SigningService[],
  selection: ServiceSelection,
  now: Date,
): readonly SigningService[] {
  const usable = services
    .filter(
      ({ majorApiVersion, validFor: { start, end } }) => majorApiVersion === 1 && start <= now && !(end && end < now),
    )
    .sort((a, b) => b.validFor.start.getTime() - a.validFor.start.getTime())
    .filter(({ operator }, index, all) => all.findIndex((each) => each.operator === operator) === index);
  const wanted = { ANY: 1, ALL: Math.max(1, usable.length), EXACT: 'count' in selection ? selection.count : 1 };
  const count = wanted[selection.selector];
  if (services.length > 0 && usable.length < count) {
    const newer = services.some(({ majorApiVersion }) => majorApiVersion > 1);
    throw new InputError(
      'SIGNING_CONFIG_UNUSABLE',
      `${WHAT}: of ${services.length} services such as ${JSON.stringify(services[0]?.url.slice(0, 200))}, ${usable.length} can be used now, ${count} must be${newer ? '; this version does not speak to Rekor v2' : ''}`,
    );
  }
  return usable.slice(0, count);
}

const decodeInstant: Decoder<Date> = (value, path) => parseRfc3339(decodeString(value, path));

const decodeService = decodeMessage({
  url: decodeString,
  majorApiVersion: decodeCount,
  validFor: decodeMessage({ start: decodeInstant, end: optional(decodeInstant) }),
  operator: decodeString,
});

const decodeServices: Decoder<readonly SigningService[]> = (value, path) => {
  const services = decodeArray(decodeService)(value, path);
  if (services.length > limits.trustedServices) {
    throw malformed(path, `${services.length} of them, at most ${limits.trustedServices} are read`);
  }
  return services;
};

// Left out where there are no services to select from, as cosign writes it.
const decodeSelectionMembers = decodeMessage({ selector: optional(decodeString), count: optional(decodeCount) });

const decodeSelection: Decoder<ServiceSelection> = (value, path) => {
  const { selector = 'ANY', count } = decodeSelectionMembers(value, path);
  if (selector === 'ANY' || selector === 'ALL') return { selector };
  if (selector === 'EXACT' && count !== undefined && count > 0) return { selector, count };
  throw malformed(
    path,
    `the selection ${JSON.stringify(selector.slice(0, 40))}, expected ANY, ALL, or EXACT and a count`,
  );
};

const decodeConfig = decodeMessage({
  mediaType: decodeLiteral(SIGNING_CONFIG_MEDIA_TYPE),
  caUrls: optional(decodeServices),
  oidcUrls: optional(decodeServices),
  rekorTlogUrls: optional(decodeServices),
  rekorTlogConfig: optional(decodeSelection),
  tsaUrls: optional(decodeServices),
  tsaConfig: optional(decodeSelection),
});

function serviceJsonOf({ url, majorApiVersion, validFor, operator }: SigningService): object {
  return { url, majorApiVersion, validFor: periodJsonOf(validFor), operator };
}

function malformed(path: string, why: string): InputError {
  return new InputError('SIGNING_CONFIG_MALFORMED', `${path}: ${why}`);
}
