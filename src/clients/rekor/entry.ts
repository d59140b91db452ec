/** Enters signatures into a log of Rekor v1. @source github.com/sigstore/rekor, openapi.yaml */

import { CountersignError } from '../../base/errors.ts';
import type { Runtime } from '../../base/runtime.ts';
import { encodeLogRequest, parseLogAnswer } from '../../formats/rekor/logged-answer.ts';
import type { LoggedContent } from '../../formats/rekor/logged-answer.ts';
import type { LogEntry } from '../../formats/tlog/log-entry.ts';
import { callService, invalidAnswer, serviceAddressOf } from '../http/service-call.ts';
import type { ServiceAnswer, ServiceCall } from '../http/service-call.ts';

const PATH = '/api/v1/log/entries';
const UUID = /^(?:[0-9a-f]{64}|[0-9a-f]{80})$/;
const CREATED = 201;
const THERE_ALREADY = 409;

/** Enters it, or finds it where it is there already. Nothing of the entry is checked yet. `signerPem`: the key or
 *  certificate that verifies. Throws SERVICE_FAILED, SERVICE_ANSWER_INVALID, SERVICE_URL_INVALID and what `request` throws. */
export async function fetchLogEntry(
  runtime: Runtime,
  log: URL,
  content: LoggedContent,
  signerPem: string,
): Promise<LogEntry> {
  const call: ServiceCall = {
    service: 'the transparency log',
    method: 'POST',
    url: serviceAddressOf(log, PATH),
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: encodeLogRequest(content, signerPem),
    expected: [CREATED, THERE_ALREADY],
  };
  const answer = await callService(runtime, call);
  if (answer.status === CREATED) return entryOf(call, answer);
  const there: ServiceCall = {
    service: call.service,
    method: 'GET',
    url: placeOf(call, answer),
    headers: { accept: 'application/json' },
    expected: [200],
  };
  return entryOf(there, await callService(runtime, there));
}

/** Where the entry is, by the log's word: below the log's own address, so that nobody can send us elsewhere. */
function placeOf(call: ServiceCall, { headers }: ServiceAnswer): URL {
  const uuid = headers['location']?.split('/').at(-1) ?? '';
  const place = URL.parse(headers['location'] ?? '', call.url.href);
  const own = new URL(`${call.url.href}/${uuid}`);
  if (place === null || !UUID.test(uuid) || place.origin !== own.origin) {
    throw invalidAnswer(call, 'it has the entry already, and does not say where on this host');
  }
  return own;
}

function entryOf(call: ServiceCall, { body }: ServiceAnswer): LogEntry {
  try {
    return parseLogAnswer(body);
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    throw invalidAnswer(call, error.message);
  }
}
