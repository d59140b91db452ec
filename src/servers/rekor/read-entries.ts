/** Entries by their place, by their name, and by what was proposed.
 *  @source sigstore/rekor openapi.yaml, getLogEntryByIndex, getLogEntryByUUID, searchLogQuery */

import { decodeArray, decodeCount, decodeDocument, decodeObject, decodeString, optional } from '../../base/decode.ts';
import { InputError, NotFoundError, isErrorWithCode } from '../../base/errors.ts';
import type { JsonValue } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import { parseProposedEntry } from '../../formats/rekor/proposed-entry.ts';
import { leafHashOf } from '../../formats/tlog/merkle.ts';
import { jsonAnswer } from '../../serve/answer.ts';
import type { Answer, Call } from '../../serve/service.ts';
import { requireCanonicalEntry } from './add-entry.ts';
import { entryJsonOf } from './entry-answer.ts';
import { parseEntryUuid } from './entry-uuid.ts';
import type { JudgeRequest } from './large-request.ts';
import { NO_CACHE, requireNumber } from './query.ts';
import type { Rekor } from './rekor.ts';

/** Throws LOG_ENTRY_ABSENT, REQUEST_PARAMETER_MALFORMED. */
export async function readEntryByIndex(rekor: Rekor, { url }: Call): Promise<Answer> {
  const index = requireNumber(url, 'logIndex');
  return jsonAnswer(200, await entryJsonOf(rekor, await rekor.log.read(index)), NO_CACHE);
}

/** Throws LOG_ENTRY_ABSENT, REQUEST_PARAMETER_MALFORMED. */
export async function readEntryByUuid(rekor: Rekor, { params }: Call): Promise<Answer> {
  const leafHash = parseEntryUuid(params['entryUUID'] ?? '', rekor.treeId);
  return jsonAnswer(200, await entryByLeafHash(rekor, leafHash), NO_CACHE);
}

const decodeQuery = decodeObject({
  entryUUIDs: optional(decodeArray(decodeString)),
  entries: optional(decodeArray((value) => value as JsonValue)),
  logIndexes: optional(decodeArray(decodeCount)),
});

/** The entries of those asked for that are in the log. Throws JSON_SHAPE for more than ten, and what a question that
 *  cannot be read throws. */
export async function retrieveEntries(rekor: Rekor, judgeRequest: JudgeRequest, call: Call): Promise<Answer> {
  const what = 'query';
  const wanted = await judgeRequest(call, what, async (document) => {
    const { entryUUIDs = [], entries = [], logIndexes = [] } = decodeDocument(document, decodeQuery, what);
    requireFew(entryUUIDs.length + entries.length + logIndexes.length);
    const leafHashes: Uint8Array[] = [];
    for (const entry of entries)
      leafHashes.push(leafHashOf((await requireCanonicalEntry(parseProposedEntry(entry))).body));
    return [
      ...entryUUIDs.map((uuid) => async () => entryByLeafHash(rekor, parseEntryUuid(uuid, rekor.treeId))),
      ...leafHashes.map((leafHash) => () => entryByLeafHash(rekor, leafHash)),
      ...logIndexes.map((index) => async () => entryJsonOf(rekor, await rekor.log.read(BigInt(index)))),
    ];
  });
  const found = await Promise.all(wanted.map(whenPresent));
  return jsonAnswer(200, found.flat());
}

function requireFew(count: number): void {
  if (count > limits.retrievedEntries) {
    const why = `more than max allowed ${limits.retrievedEntries} entries in request`;
    throw new InputError('JSON_SHAPE', `query: ${why}: ${count}`);
  }
}

async function entryByLeafHash(rekor: Rekor, leafHash: Uint8Array): Promise<object> {
  const index = await rekor.log.find(leafHash);
  if (index === undefined) throw new NotFoundError('LOG_ENTRY_ABSENT', 'the log has no entry of this UUID');
  return entryJsonOf(rekor, await rekor.log.read(index));
}

async function whenPresent(read: () => Promise<object>): Promise<readonly object[]> {
  try {
    return [await read()];
  } catch (error) {
    if (isErrorWithCode(error, 'LOG_ENTRY_ABSENT')) return [];
    throw error;
  }
}
