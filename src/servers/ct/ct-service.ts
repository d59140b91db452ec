/** A certificate transparency log over HTTP: submission and the API of 2013, and the tiles of today.
 *  @source RFC 6962 section 4, c2sp.org/static-ct-api */

import { parseHex } from '../../base/bytes.ts';
import { NotFoundError } from '../../base/errors.ts';
import type { CountersignError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { sctJsonOf } from '../../formats/ct/issued-sct.ts';
import { parseSubmission } from '../../formats/ct/submission.ts';
import type { EntryKind } from '../../formats/ct/timestamped-entry.ts';
import { bytesAnswer, jsonAnswer } from '../../serve/answer.ts';
import type { Answer, Endpoint, Service } from '../../serve/service.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { tileEndpointsOf } from '../tiles/tile-endpoints.ts';
import type { CtLog } from './ct-log.ts';
import { readings } from './ct-reading.ts';

const PREFIX = '/ctlog';
const HEX_SHA256 = /^[0-9a-f]{64}$/;

/** `objects`: the store in which the log is. */
export function ctLogService(ct: CtLog, objects: ObjectStore): Service {
  return {
    name: 'ctlog',
    endpoints: [
      addEndpoint(ct, 'add-pre-chain', 'precert'),
      addEndpoint(ct, 'add-chain', 'x509'),
      ...Object.entries(readings).map(([name, read]): Endpoint => ({
        method: 'GET',
        path: `${PREFIX}/ct/v1/${name}`,
        handle: (call) => read(ct, call),
      })),
      ...tileEndpointsOf({ prefix: PREFIX, log: ct.log, objects }),
      {
        method: 'GET',
        path: `${PREFIX}/issuer/{sha256}`,
        handle: ({ params }) => answerIssuer(ct, params['sha256'] ?? ''),
      },
    ],
    problemOf,
  };
}

function addEndpoint(ct: CtLog, name: string, kind: EntryKind): Endpoint {
  return {
    method: 'POST',
    path: `${PREFIX}/ct/v1/${name}`,
    handle: async (call) => {
      const [certificate, ...issuers] = parseSubmission(await call.body('submission', limits.submissionBytes));
      return jsonAnswer(200, sctJsonOf(await ct.add(kind, certificate, issuers)));
    },
  };
}

async function answerIssuer(ct: CtLog, sha256: string): Promise<Answer> {
  if (!HEX_SHA256.test(sha256))
    throw new NotFoundError('LOG_ENTRY_ABSENT', 'an issuer is named by 64 lower-case hexadecimal digits');
  const der = await ct.readIssuer(parseHex(sha256));
  return bytesAnswer(200, 'application/pkix-cert', der, { 'Cache-Control': 'public, max-age=31536000, immutable' });
}

function problemOf({ entry, message }: CountersignError): Answer {
  const retry = entry.http === 503 ? { 'Retry-After': '1' } : {};
  return jsonAnswer(entry.http, { success: false, error_message: message }, retry);
}
