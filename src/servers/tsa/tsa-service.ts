/** The timestamp authority over HTTP. @source sigstore/timestamp-authority openapi.yaml, RFC 3161 section 3.4 */

import { latin1Of } from '../../base/bytes.ts';
import { InputError } from '../../base/errors.ts';
import type { CountersignError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { parseTimestampRequest, parseTimestampRequestJson } from '../../formats/tsp/timestamp-request.ts';
import type { TimestampRequest } from '../../formats/tsp/timestamp-request.ts';
import { encodeCertificatePem } from '../../formats/x509/certificate-pem.ts';
import { bytesAnswer, jsonAnswer } from '../../serve/answer.ts';
import type { Answer, Call, Service } from '../../serve/service.ts';
import type { TimestampAuthority } from './timestamp-authority.ts';

const PATH = '/api/v1/timestamp';

type RequestReader = (body: Uint8Array) => TimestampRequest;

const readers: ReadonlyMap<string, RequestReader> = new Map([
  ['application/timestamp-query', parseTimestampRequest],
  ['application/json', parseTimestampRequestJson],
]);

/** `onStamped` hears of each stamp that was given. */
export function timestampService(authority: TimestampAuthority, onStamped: () => void = () => undefined): Service {
  const chain = latin1Of(authority.chain.map(encodeCertificatePem).join(''));
  return {
    name: 'tsa',
    endpoints: [
      {
        method: 'POST',
        path: PATH,
        handle: async (call) => {
          const read = requireReader(call);
          const request = read(await call.body('request for a timestamp', limits.timestampRequestBytes));
          const stamp = await authority.answer(request);
          onStamped();
          return bytesAnswer(200, 'application/timestamp-reply', stamp);
        },
      },
      {
        method: 'GET',
        path: `${PATH}/certchain`,
        handle: async () => bytesAnswer(200, 'application/pem-certificate-chain', chain),
      },
    ],
    problemOf,
  };
}

function requireReader({ headers }: Call): RequestReader {
  const [type = ''] = (headers['content-type'] ?? '').toLowerCase().split(';');
  const read = readers.get(type.trim());
  if (read === undefined) {
    throw new InputError('MEDIA_TYPE_UNSUPPORTED', `expected a body of the type ${[...readers.keys()].join(' or ')}`);
  }
  return read;
}

function problemOf({ entry, message }: CountersignError): Answer {
  const retry = entry.http === 503 ? { 'Retry-After': '1' } : {};
  return jsonAnswer(entry.http, { code: entry.http, message }, retry);
}
