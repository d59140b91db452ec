/** The API of Rekor v1. Any header of what a client accepts is fine. No page of another site may read it: answers carry
 *  no permission for other origins. @source sigstore/rekor openapi.yaml */

import { utf8Of } from '../../base/bytes.ts';
import type { CountersignError } from '../../base/errors.ts';
import { bytesAnswer, jsonAnswer } from '../../serve/answer.ts';
import type { Answer, Call, Endpoint, Service } from '../../serve/service.ts';
import { addEntry } from './add-entry.ts';
import { createJudgeRequest } from './large-request.ts';
import { readLogInfo, readLogProof, readPublicKey } from './log-state.ts';
import { readEntryByIndex, readEntryByUuid, retrieveEntries } from './read-entries.ts';
import type { Rekor } from './rekor.ts';
import { searchIndex } from './search-index.ts';

export function rekorServiceOf(rekor: Rekor): Service {
  const judgeRequest = createJudgeRequest();
  const retrieve = (call: Call): Promise<Answer> => retrieveEntries(rekor, judgeRequest, call);
  const endpoints: readonly Endpoint[] = [
    { method: 'POST', path: '/api/v1/log/entries', handle: (call) => addEntry(rekor, judgeRequest, call) },
    { method: 'GET', path: '/api/v1/log/entries', handle: (call) => readEntryByIndex(rekor, call) },
    { method: 'POST', path: '/api/v1/log/entries/retrieve', handle: retrieve },
    // Clients in Python ask so.
    { method: 'POST', path: '/api/v1/log/entries/retrieve/', handle: retrieve },
    { method: 'GET', path: '/api/v1/log/entries/{entryUUID}', handle: (call) => readEntryByUuid(rekor, call) },
    { method: 'GET', path: '/api/v1/log', handle: () => readLogInfo(rekor) },
    { method: 'GET', path: '/api/v1/log/proof', handle: (call) => readLogProof(rekor, call) },
    { method: 'GET', path: '/api/v1/log/publicKey', handle: (call) => readPublicKey(rekor, call) },
    { method: 'POST', path: '/api/v1/index/retrieve', handle: (call) => searchIndex(rekor, call) },
    { method: 'GET', path: '/ping', handle: async () => bytesAnswer(200, 'text/plain', utf8Of('.')) },
  ];
  return { name: 'rekor', endpoints, problemOf };
}

const SECONDS_UNTIL_RETRY: Partial<Record<CountersignError['code'], string>> = { LOG_BUSY: '1', LOG_READ_ONLY: '60' };

function problemOf({ code, message, entry }: CountersignError): Answer {
  // Rekor tells what it cannot read (400) from what it can read and is not of the schema (422).
  const status = code === 'JSON_SHAPE' ? 422 : entry.http;
  const retryAfter = SECONDS_UNTIL_RETRY[code];
  return jsonAnswer(status, { code: status, message }, retryAfter === undefined ? {} : { 'Retry-After': retryAfter });
}
