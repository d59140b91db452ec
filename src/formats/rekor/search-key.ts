/** What entries of Rekor v1 are found by. @source sigstore/rekor pkg/types, IndexKeys of each kind */

import { hexOf, utf8Of } from '../../base/bytes.ts';
import { decodeArray, decodeDocument, decodeMap, decodeObject, decodeString, optional } from '../../base/decode.ts';
import type { Decoded } from '../../base/decode.ts';
import { InputError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import { sha256HexOf } from '../../crypto/hash.ts';
import type { HashOutput } from '../hash-output.ts';
import { IN_TOTO_PAYLOAD_TYPE } from '../intoto/statement.ts';
import { subjectAlternativeNamesOf } from '../x509/subject-alternative-names.ts';
import type { EntrySigner } from './entry-signer.ts';

/** "sha256:…" */
export function hashKeyOf({ hash, value }: HashOutput): string {
  return `${hash}:${hexOf(value)}`;
}

/** The hash of a key's or certificate's PEM, without the algorithm: by this a search for a public key asks. */
export function pemKeyOf({ pem }: EntrySigner): string {
  return sha256HexOf(pem);
}

/** The hash of the signer's PEM and every name in the certificate. Throws CERTIFICATE_MALFORMED. */
export function signerKeysOf(signer: EntrySigner): readonly string[] {
  const [leaf] = signer.certificates;
  const names = leaf === undefined ? [] : subjectAlternativeNamesOf(leaf);
  return [pemKeyOf(signer), ...names.flatMap((name) => (name.kind === 'unread' ? [] : [name.text]))];
}

/** As `signerKeysOf`; entries of envelopes have the hash with its algorithm, too. */
export function envelopeSignerKeysOf(signer: EntrySigner): readonly string[] {
  return [`sha256:${pemKeyOf(signer)}`, ...signerKeysOf(signer)];
}

const decodeDigests = optional(decodeArray(decodeObject({ digest: optional(decodeMap(decodeString)) })));
const decodeSubjects = decodeObject({ subject: decodeDigests });
const decodeMaterials = decodeObject({ predicate: optional(decodeObject({ materials: decodeDigests })) });

/** The digests of an in-toto statement's subjects and, where it is SLSA provenance, of the materials. None for a payload
 *  that cannot be read: it is logged all the same, for what it says is its signer's affair. */
export function statementKeysOf(payloadType: string, payload: Uint8Array): readonly string[] {
  if (payloadType !== IN_TOTO_PAYLOAD_TYPE) return [];
  const what = 'in-toto statement';
  const statement = whenReadable(() => parseJson(payload, { what, maxBytes: limits.rekorRequestBytes }));
  const subjects = whenReadable(() => decodeDocument(statement, decodeSubjects, what).subject);
  const materials = whenReadable(() => decodeDocument(statement, decodeMaterials, what).predicate?.materials);
  return [...digestKeysOf(subjects), ...digestKeysOf(materials)];
}

/** The keys as they are kept: in lower case, each once, the first as many as an entry may have. */
export function searchKeysOf(keys: readonly string[]): readonly string[] {
  const kept: string[] = [];
  let bytes = 0;
  for (const key of new Set(keys.map((each) => each.toWellFormed().toLowerCase()))) {
    bytes += utf8Of(key).length;
    if (kept.length === limits.indexKeys || bytes > limits.indexKeyBytes) break;
    if (key.length <= limits.indexKeyCharacters) kept.push(key);
  }
  return kept;
}

function digestKeysOf(described: Decoded<typeof decodeDigests>): readonly string[] {
  return (described ?? []).flatMap(({ digest = {} }) =>
    Object.entries(digest).map(([algorithm, value]) => `${algorithm}:${value}`),
  );
}

function whenReadable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}
