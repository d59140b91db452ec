/** What is asked of a timestamp authority. @source RFC 3161 section 2.4.1; sigstore/timestamp-authority openapi.yaml */

import { decodeBoolean, decodeCount, decodeDocument, decodeObject, decodeString, optional } from '../../base/decode.ts';
import { CountersignError, InputError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import { integer, nullValue, octetString, oid, sequence } from '../../crypto/der-writer.ts';
import { booleanOf, countOf, integerBytesOf, oidOf } from '../../crypto/der-values.ts';
import { cursorOf, derTags, encodedOf, parseDer } from '../../crypto/der.ts';
import type { DerElement } from '../../crypto/der.ts';
import { hashOf } from '../../crypto/hash.ts';
import type { HashName } from '../../crypto/hash.ts';
import { decodeBytes } from '../proto-json.ts';
import { readImprint } from './stamp-info.ts';

export interface TimestampRequest {
  /** MessageImprint, DER, with a SHA-2 hash as long as its algorithm makes it: goes into the stamp as it is. */
  readonly imprint: Uint8Array;
  /** Under which policy the stamp is to be, dotted decimal. */
  readonly policy: string | undefined;
  /** INTEGER, DER: goes into the stamp as it is. */
  readonly nonce: Uint8Array | undefined;
  /** Whether the authority's certificates are to come along. */
  readonly wantsCertificates: boolean;
}

const VERSION = 1;
const EXTENSIONS = 0xa0;
const HASH_OIDS: Readonly<Record<HashName, string>> = {
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
};

const decodeMembers = decodeObject({
  artifactHash: decodeBytes,
  hashAlgorithm: decodeString,
  certificates: optional(decodeBoolean),
  nonce: optional(decodeCount),
  tsaPolicyOID: optional(decodeString),
});

/** A TimeStampReq for these bytes, DER: SHA-256, no certificates (whoever verifies must have them), and no nonce, since a
 *  signature is stamped once. */
export function encodeTimestampRequest(bytes: Uint8Array): Uint8Array {
  const algorithm = sequence(oid(HASH_OIDS.sha256), nullValue());
  return sequence(integer(VERSION), sequence(algorithm, octetString(hashOf('sha256', bytes))));
}

/** Reads a TimeStampReq, DER. Throws TIMESTAMP_REQUEST_MALFORMED, TIMESTAMP_REQUEST_REFUSED (another hash than SHA-2, an
 *  extension), INPUT_TOO_LARGE. */
export function parseTimestampRequest(der: Uint8Array): TimestampRequest {
  if (der.length > limits.timestampRequestBytes) {
    const why = `request for a timestamp: ${der.length} bytes, at most ${limits.timestampRequestBytes} are read`;
    throw new InputError('INPUT_TOO_LARGE', why);
  }
  return asRequestError(() => readRequest(parseDer(der, derTags.sequence)));
}

/** Reads the JSON form. Throws as `parseTimestampRequest`, and JSON_MALFORMED, JSON_SHAPE, BASE64_MALFORMED. */
export function parseTimestampRequestJson(bytes: Uint8Array): TimestampRequest {
  const what = 'request for a timestamp';
  const json = parseJson(bytes, { what, maxBytes: limits.timestampRequestBytes });
  const { artifactHash, hashAlgorithm, certificates, nonce, tsaPolicyOID } = decodeDocument(json, decodeMembers, what);
  if (!isHashName(hashAlgorithm)) {
    throw refused(
      `the hash algorithm ${JSON.stringify(hashAlgorithm.slice(0, 40))}, expected sha256, sha384 or sha512`,
    );
  }
  return asRequestError(() => ({
    imprint: encodedOf(requireImprint(parseDer(encodeImprint(hashAlgorithm, artifactHash)))),
    policy: tsaPolicyOID,
    nonce: nonce === undefined ? undefined : integer(nonce),
    wantsCertificates: certificates ?? false,
  }));
}

/** A MessageImprint, DER. */
export function encodeImprint(hash: HashName, value: Uint8Array): Uint8Array {
  return sequence(sequence(oid(HASH_OIDS[hash]), nullValue()), octetString(value));
}

function isHashName(text: string): text is HashName {
  return Object.hasOwn(HASH_OIDS, text);
}

function readRequest(element: DerElement): TimestampRequest {
  const request = cursorOf(element);
  if (countOf(request.next()) !== VERSION) throw malformed('it is of another version');
  const imprint = requireImprint(request.next());
  const policy = request.optional(derTags.oid);
  const nonce = request.optional(derTags.integer);
  const wantsCertificates = request.optional(derTags.boolean);
  const extensions = request.optional(EXTENSIONS);
  request.end();
  // @source RFC 3161 section 2.4.1: one that is not understood must not be passed over
  if (extensions !== undefined) throw refused('an extension');
  if (nonce !== undefined) integerBytesOf(nonce);
  return {
    imprint: encodedOf(imprint),
    policy: policy === undefined ? undefined : oidOf(policy),
    nonce: nonce === undefined ? undefined : encodedOf(nonce),
    wantsCertificates: wantsCertificates !== undefined && booleanOf(wantsCertificates),
  };
}

function requireImprint(element: DerElement): DerElement {
  readImprint(element);
  return element;
}

function asRequestError<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof CountersignError)) throw cause;
    switch (cause.code) {
      case 'KEY_UNSUPPORTED':
        throw refused(cause.message, cause);
      case 'DER_MALFORMED':
      case 'TIMESTAMP_MALFORMED':
        throw malformed(cause.message, cause);
      default:
        throw cause;
    }
  }
}

function malformed(why: string, cause?: CountersignError): InputError {
  return new InputError('TIMESTAMP_REQUEST_MALFORMED', `request for a timestamp: ${why}`, { cause });
}

function refused(why: string, cause?: CountersignError): InputError {
  return new InputError('TIMESTAMP_REQUEST_REFUSED', `request for a timestamp: ${why}`, { cause });
}
