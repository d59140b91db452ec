/** What fields of Rekor v1's entries are made of, in requests and in bodies. */

import { hexOf, parseBase64, parseHex, parseUtf8, utf8Of } from '../../base/bytes.ts';
import { decodeLiteral, decodeObject, decodeString } from '../../base/decode.ts';
import type { Decoder } from '../../base/decode.ts';
import { hashOf } from '../../crypto/hash.ts';
import type { HashName } from '../../crypto/hash.ts';
import { hashOutputOf } from '../hash-output.ts';
import type { HashOutput } from '../hash-output.ts';
import { decodeBytes } from '../proto-json.ts';
import { parseEntrySigner } from './entry-signer.ts';
import type { EntrySigner } from './entry-signer.ts';

const HASH_NAMES: readonly HashName[] = ['sha256', 'sha384', 'sha512'];

const decodeHexHashMembers = decodeObject({ algorithm: decodeString, value: decodeString });
const decodeSha256Members = decodeObject({ algorithm: decodeLiteral('sha256') });

/** Reads `{"algorithm":"sha256","value":"<hex>"}`. Throws JSON_SHAPE, HEX_MALFORMED. */
export const decodeHexHash: Decoder<HashOutput> = (value, path) => {
  const { algorithm, value: hex } = decodeHexHashMembers(value, path);
  return hashOutputOf(
    HASH_NAMES.find((name) => name === algorithm),
    parseHex(hex),
    path,
  );
};

/** As `decodeHexHash`, of SHA-256 only. */
export const decodeSha256: Decoder<HashOutput> = (value, path) => {
  decodeSha256Members(value, path);
  return decodeHexHash(value, path);
};

/** `{"algorithm":"sha256","value":"<hex>"}` */
export function hexHashOf({ hash, value }: HashOutput): { readonly algorithm: HashName; readonly value: string } {
  return { algorithm: hash, value: hexOf(value) };
}

export function sha256Of(bytes: Uint8Array): HashOutput {
  return { hash: 'sha256', value: hashOf('sha256', bytes) };
}

/** intoto 0.0.2 takes the base64 of the base64 that stands in an envelope. Throws BASE64_MALFORMED, TEXT_NOT_UTF8. */
export const decodeTwice: Decoder<Uint8Array> = (value, path) => parseBase64(parseUtf8(decodeBytes(value, path)));

/** Reads base64 of PEM. Throws as `parseEntrySigner`, JSON_SHAPE, BASE64_MALFORMED. */
export const decodeEntrySigner: Decoder<EntrySigner> = (value, path) => parseEntrySigner(decodeBytes(value, path));

/** Canonical JSON of an entry, whose spec has its members in alphabetical order. @source RFC 8785 */
export function encodeEntryBody(kind: string, apiVersion: string, spec: object): Uint8Array {
  return utf8Of(JSON.stringify({ apiVersion, kind, spec }));
}
