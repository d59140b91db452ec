/** Asks a timestamp authority for a stamp. @source RFC 3161 section 3.4; sigstore/timestamp-authority openapi.yaml */

import { CountersignError } from '../../base/errors.ts';
import type { Runtime } from '../../base/runtime.ts';
import { encodeTimestampRequest } from '../../formats/tsp/timestamp-request.ts';
import { parseTimestampResponse } from '../../formats/tsp/timestamp.ts';
import { callService, invalidAnswer } from '../http/service-call.ts';

/** A TimeStampResp over these bytes, DER. It can be read; whose it is and what it is over is not checked yet. `authority`
 *  is the whole address. Throws SERVICE_FAILED, SERVICE_ANSWER_INVALID, SERVICE_URL_INVALID and what `request` throws. */
export async function fetchTimestamp(runtime: Runtime, authority: URL, bytes: Uint8Array): Promise<Uint8Array> {
  const call = {
    service: 'the timestamp authority',
    method: 'POST',
    url: authority,
    headers: { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' },
    body: encodeTimestampRequest(bytes),
    expected: [200, 201],
  } as const;
  const { body } = await callService(runtime, call);
  try {
    parseTimestampResponse(body);
    return body;
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    throw invalidAnswer(call, error.message);
  }
}
