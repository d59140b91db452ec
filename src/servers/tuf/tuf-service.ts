/** A TUF repository over HTTP. @source TUF specification 1.0.34 section 6.2 */

import { jsonAnswer, bytesAnswer } from '../../serve/answer.ts';
import type { Service } from '../../serve/service.ts';
import type { TufRepository } from './tuf-repository.ts';

/** What is named by its version or hash never changes; everything else must be asked for each time. */
const FIXED = { 'Cache-Control': 'public, max-age=31536000, immutable' };
const CHANGING = { 'Cache-Control': 'no-cache' };
const TARGET = { 'X-Content-Type-Options': 'nosniff' };

export function tufService({ read }: Pick<TufRepository, 'read'>): Service {
  return {
    name: 'tuf',
    endpoints: [
      {
        method: 'GET',
        path: '/tuf/{path...}',
        handle: async ({ params }) => {
          const file = await read(params['path'] ?? '');
          // Clients ask for the next root until there is none: anything but 404 ends their update.
          if (file === undefined)
            return jsonAnswer(404, { code: 404, message: 'no such file in this repository' }, CHANGING);
          const headers = { ...(file.isFixed ? FIXED : CHANGING), ...(file.isTarget ? TARGET : {}) };
          return bytesAnswer(200, file.isTarget ? 'application/octet-stream' : 'application/json', file.bytes, headers);
        },
      },
    ],
    problemOf: ({ entry, code, message }) =>
      jsonAnswer(entry.http, { code: entry.http, error: code, message }, CHANGING),
  };
}
