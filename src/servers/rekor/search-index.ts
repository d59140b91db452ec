/** POST /api/v1/index/retrieve: the names of entries that a hash, a key, an e-mail address or a name stands in.
 *  @source sigstore/rekor openapi.yaml, SearchIndex */

import { decodeDocument, decodeLiteral, decodeObject, decodeString, optional } from '../../base/decode.ts';
import type { Decoder } from '../../base/decode.ts';
import { InputError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import { mapPool } from '../../base/pool.ts';
import { decodeBytes } from '../../formats/proto-json.ts';
import { parseEntrySigner } from '../../formats/rekor/entry-signer.ts';
import { pemKeyOf } from '../../formats/rekor/search-key.ts';
import { jsonAnswer } from '../../serve/answer.ts';
import type { Answer, Call } from '../../serve/service.ts';
import { entryUuidOf } from './entry-uuid.ts';
import type { Rekor } from './rekor.ts';

const WHAT = 'search';
const LEAF_READS_AT_ONCE = 16;

const HASH = /^(?:(?:sha256:)?[0-9a-f]{64}|(?:sha1:)?[0-9a-f]{40}|(?:sha512:)?[0-9a-f]{128})$/i;
const ALGORITHMS: Readonly<Record<number, string>> = { 64: 'sha256', 40: 'sha1', 128: 'sha512' };

const decodeHashKey: Decoder<string> = (value, path) => {
  const text = decodeString(value, path);
  if (!HASH.test(text)) throw shapeError(`${path}: expected a hash by SHA-256, SHA-512 or SHA-1 in hexadecimal`);
  return text.includes(':') ? text : `${ALGORITHMS[text.length]}:${text}`;
};

const decodeName: Decoder<string> = (value, path) => {
  const text = decodeString(value, path);
  if (text === '' || text.length > limits.searchedNameLength) {
    throw shapeError(`${path}: expected 1 to ${limits.searchedNameLength} characters`);
  }
  return text;
};

const decodeKeyMembers = decodeObject({
  format: decodeLiteral('x509'),
  content: optional(decodeBytes),
  url: optional(decodeString),
});
const decodeKeyKey: Decoder<string> = (value, path) => {
  const { content, url } = decodeKeyMembers(value, path);
  if (content === undefined || url !== undefined) {
    throw new InputError('LOG_ENTRY_MALFORMED', `${path}: give the key itself as content; nothing is fetched`);
  }
  return pemKeyOf(parseEntrySigner(content));
};

const decodeOperator: Decoder<'and' | 'or'> = (value, path) => {
  if (value !== 'and' && value !== 'or') throw shapeError(`${path}: expected "and" or "or"`);
  return value;
};

const decodeQuery = decodeObject({
  hash: optional(decodeHashKey),
  publicKey: optional(decodeKeyKey),
  email: optional(decodeName),
  subject: optional(decodeName),
  operator: optional(decodeOperator),
});

/** The newest `limits.foundEntries` entries, in the order of the log. Throws JSON_SHAPE and what a key that cannot be
 *  read throws. */
export async function searchIndex({ log, treeId }: Rekor, call: Call): Promise<Answer> {
  const maxBytes = limits.rekorSmallRequestBytes;
  const document = parseJson(await call.body(WHAT, maxBytes), { what: WHAT, maxBytes });
  const { operator = 'or', ...wanted } = decodeDocument(document, decodeQuery, WHAT);
  const keys = Object.values(wanted).map((key) => key.toLowerCase());
  if (keys.length === 0) return jsonAnswer(200, []);
  const places = await log.search({ keys, operator, limit: limits.foundEntries });
  const uuids = await mapPool(places, LEAF_READS_AT_ONCE, async (place) =>
    entryUuidOf(treeId, await log.leafHash(place)),
  );
  return jsonAnswer(200, uuids);
}

function shapeError(why: string): InputError {
  return new InputError('JSON_SHAPE', why);
}
