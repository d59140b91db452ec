/** Trusted roots: which authorities and logs are believed, and when. Whether keys and chains in it are good is for the
 *  verify floor. @source sigstore/protobuf-specs protos/sigstore_trustroot.proto */

import { base64Of, hexOf, utf8Of } from '../../base/bytes.ts';
import { decodeArray, decodeDocument, decodeLiteral, decodeString, optional } from '../../base/decode.ts';
import type { Decoder } from '../../base/decode.ts';
import { InputError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import { parseRfc3339 } from '../../base/time.ts';
import { decodeBytes, decodeMessage } from '../proto-json.ts';

/** Closed: both instants belong to it. */
export interface ValidityPeriod {
  readonly start: Date;
  /** Undefined: still in use. */
  readonly end?: Date;
}

export interface TrustedLog {
  /** Empty where the root names none. */
  readonly baseUrl: string;
  /** 32 bytes. */
  readonly logId: Uint8Array;
  /** What checkpoint signatures name the key by, when it differs from the log's id: 4 bytes, or 32 that begin with them. */
  readonly checkpointKeyId?: Uint8Array;
  /** SubjectPublicKeyInfo DER (RSA also as PKCS#1: see `keyDetails`). */
  readonly keyBytes: Uint8Array;
  /** "PKIX_ECDSA_P256_SHA_256" */
  readonly keyDetails: string;
  readonly validFor: ValidityPeriod;
}

/** A certificate authority or a timestamp authority. */
export interface TrustedAuthority {
  /** Empty where the root names none. */
  readonly uri: string;
  readonly organization?: string;
  readonly commonName?: string;
  /** DER, issuing certificate first, root last; a timestamp authority's begins with its leaf. */
  readonly chain: readonly Uint8Array[];
  readonly validFor: ValidityPeriod;
}

export interface TrustedRoot {
  /** No two with one id; neither among `ctLogs`. */
  readonly logs: readonly TrustedLog[];
  readonly ctLogs: readonly TrustedLog[];
  readonly certificateAuthorities: readonly TrustedAuthority[];
  readonly timestampAuthorities: readonly TrustedAuthority[];
}

const MEDIA_TYPE = 'application/vnd.dev.sigstore.trustedroot+json;version=0.1';
const MEDIA_TYPES: readonly string[] = [MEDIA_TYPE, 'application/vnd.dev.sigstore.trustedroot.v0.1+json'];
const KEPT_CODES: ReadonlySet<string> = new Set(['INPUT_TOO_LARGE', 'TRUSTED_ROOT_MALFORMED']);
const LOG_ID_BYTES = 32;
const KEY_HINT_BYTES = 4;

/** Reads a trusted root of version 0.1. Throws TRUSTED_ROOT_MALFORMED, INPUT_TOO_LARGE. */
export function parseTrustedRoot(bytes: Uint8Array): TrustedRoot {
  try {
    const value = parseJson(bytes, { what: 'trusted root', maxBytes: limits.trustedRootBytes });
    const { tlogs = [], ctlogs = [], ...authorities } = decodeDocument(value, decodeRoot, 'trusted root');
    requireDistinct(tlogs, 'tlogs');
    requireDistinct(ctlogs, 'ctlogs');
    const { certificateAuthorities = [], timestampAuthorities = [] } = authorities;
    return { logs: tlogs, ctLogs: ctlogs, certificateAuthorities, timestampAuthorities };
  } catch (cause) {
    if (!(cause instanceof InputError) || KEPT_CODES.has(cause.code)) throw cause;
    throw new InputError('TRUSTED_ROOT_MALFORMED', cause.message, { cause, details: cause.details });
  }
}

/** The root as JSON with exactly the members that released clients of version 0.1 read, indented. */
export function encodeTrustedRoot(root: TrustedRoot): Uint8Array {
  return utf8Of(`${JSON.stringify(trustedRootJsonOf(root), null, 2)}\n`);
}

/** What `encodeTrustedRoot` writes, as a part of another document. */
export function trustedRootJsonOf(root: TrustedRoot): object {
  return {
    mediaType: MEDIA_TYPE,
    tlogs: root.logs.map(logJsonOf),
    certificateAuthorities: root.certificateAuthorities.map(authorityJsonOf),
    ctlogs: root.ctLogs.map(logJsonOf),
    timestampAuthorities: root.timestampAuthorities.map(authorityJsonOf),
  };
}

const decodeInstant: Decoder<Date> = (value, path) => located(path, () => parseRfc3339(decodeString(value, path)));

const decodeRawBytes: Decoder<Uint8Array> = (value, path) => located(path, () => decodeBytes(value, path));

const decodeTimeRange = decodeMessage({ start: decodeInstant, end: optional(decodeInstant) });

const decodePeriod: Decoder<ValidityPeriod> = (value, path) => {
  const period = decodeTimeRange(value, path);
  if (period.end !== undefined && period.end < period.start) throw malformed(path, 'ends before it starts');
  return period;
};

const decodeLogMembers = decodeMessage({
  baseUrl: optional(decodeString),
  hashAlgorithm: decodeLiteral('SHA2_256'),
  publicKey: decodeMessage({ rawBytes: decodeRawBytes, keyDetails: decodeString, validFor: decodePeriod }),
  logId: decodeMessage({ keyId: decodeRawBytes }),
  checkpointKeyId: optional(decodeMessage({ keyId: decodeRawBytes })),
  // Means something from version 0.2 on, which no released client reads.
  operator: optional(decodeString),
});

const decodeLog: Decoder<TrustedLog> = (value, path) => {
  const { baseUrl = '', publicKey, logId, checkpointKeyId } = decodeLogMembers(value, path);
  requireLength(logId.keyId, [LOG_ID_BYTES], `${path}.logId`);
  if (checkpointKeyId !== undefined) {
    requireLength(checkpointKeyId.keyId, [KEY_HINT_BYTES, LOG_ID_BYTES], `${path}.checkpointKeyId`);
  }
  return {
    baseUrl,
    logId: logId.keyId,
    ...(checkpointKeyId === undefined ? {} : { checkpointKeyId: checkpointKeyId.keyId }),
    keyBytes: publicKey.rawBytes,
    keyDetails: publicKey.keyDetails,
    validFor: publicKey.validFor,
  };
};

const decodeAuthorityMembers = decodeMessage({
  subject: optional(decodeMessage({ organization: optional(decodeString), commonName: optional(decodeString) })),
  uri: optional(decodeString),
  certChain: decodeMessage({
    certificates: decodeArray(decodeMessage({ rawBytes: decodeRawBytes })),
  }),
  validFor: decodePeriod,
  operator: optional(decodeString),
});

const decodeAuthority: Decoder<TrustedAuthority> = (value, path) => {
  const { subject, uri = '', certChain, validFor } = decodeAuthorityMembers(value, path);
  const { length } = certChain.certificates;
  if (length === 0 || length > limits.chainCertificates) {
    throw malformed(`${path}.certChain`, `${length} certificates, expected 1 to ${limits.chainCertificates}`);
  }
  return { uri, ...subject, chain: certChain.certificates.map(({ rawBytes }) => rawBytes), validFor };
};

const decodeRoot = decodeMessage({
  mediaType: (value, path) => {
    const mediaType = decodeString(value, path);
    if (!MEDIA_TYPES.includes(mediaType)) {
      throw malformed(path, `expected ${MEDIA_TYPE}, got ${JSON.stringify(mediaType.slice(0, 100))}`);
    }
    return mediaType;
  },
  tlogs: optional(decodeServices(decodeLog)),
  certificateAuthorities: optional(decodeServices(decodeAuthority)),
  ctlogs: optional(decodeServices(decodeLog)),
  timestampAuthorities: optional(decodeServices(decodeAuthority)),
});

function decodeServices<T>(service: Decoder<T>): Decoder<readonly T[]> {
  const decode = decodeArray(service);
  return (value, path) => {
    if (Array.isArray(value) && value.length > limits.trustedServices) {
      throw malformed(path, `${value.length} of them, at most ${limits.trustedServices} are read`);
    }
    return decode(value, path);
  };
}

/** With two logs of one id, which key and which period count would depend on the reader. */
function requireDistinct(logs: readonly TrustedLog[], member: string): void {
  if (new Set(logs.map(({ logId }) => hexOf(logId))).size !== logs.length) {
    throw malformed(`trusted root: $.${member}`, 'two logs have the same id');
  }
}

function requireLength(bytes: Uint8Array, lengths: readonly number[], path: string): void {
  if (!lengths.includes(bytes.length)) {
    throw malformed(path, `${bytes.length} bytes, expected ${lengths.join(' or ')}`);
  }
}

/** The error of a value that does not know where it stands. */
function located<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof InputError) || cause.code === 'JSON_SHAPE') throw cause;
    throw new InputError('TRUSTED_ROOT_MALFORMED', `${path}: ${cause.message}`, { cause });
  }
}

function logJsonOf({ baseUrl, logId, checkpointKeyId, keyBytes, keyDetails, validFor }: TrustedLog): object {
  return {
    baseUrl,
    hashAlgorithm: 'SHA2_256',
    publicKey: { rawBytes: base64Of(keyBytes), keyDetails, validFor: periodJsonOf(validFor) },
    logId: { keyId: base64Of(logId) },
    ...(checkpointKeyId === undefined ? {} : { checkpointKeyId: { keyId: base64Of(checkpointKeyId) } }),
  };
}

function authorityJsonOf({ uri, organization, commonName, chain, validFor }: TrustedAuthority): object {
  return {
    subject: { organization, commonName },
    uri,
    certChain: { certificates: chain.map((der) => ({ rawBytes: base64Of(der) })) },
    validFor: periodJsonOf(validFor),
  };
}

/** Both ends as protocol buffers write them. */
export function periodJsonOf({ start, end }: ValidityPeriod): object {
  return { start: instantTextOf(start), ...(end === undefined ? {} : { end: instantTextOf(end) }) };
}

/** As protocol buffers write it: fractions only where there are any. */
function instantTextOf(instant: Date): string {
  return instant.toISOString().replace('.000Z', 'Z');
}

function malformed(path: string, why: string): InputError {
  return new InputError('TRUSTED_ROOT_MALFORMED', `${path}: ${why}`);
}
