/** The world as the floors below see it: requests, clock, randomness, log, the end of the run. */

import { messageOf } from '../base/errors.ts';
import type { HttpRequest, Request } from '../base/runtime.ts';
import { openRuntime } from '../clients/runtime.ts';
import type { OpenRuntime } from '../clients/runtime.ts';
import type { Session } from './session.ts';

/** Opens no connection yet. */
export function openSessionRuntime({ environment, log, interruption, isVerbose }: Session): OpenRuntime {
  const { signal, deadline } = interruption;
  const open = openRuntime({ environment, log, signal, ...(deadline === undefined ? {} : { deadline }) });
  const { runtime } = open;
  return isVerbose ? { ...open, runtime: { ...runtime, request: showing(runtime.request, log.debug) } } : open;
}

/** Says what each request was and how it ended. Bodies, headers and secrets in queries are left out. */
function showing(request: Request, say: (line: string) => void): Request {
  return async (asked) => {
    const start = performance.now();
    const tell = (outcome: string): void =>
      say(`${asked.method} ${shownUrlOf(asked)} ${outcome} ${Math.round(performance.now() - start)} ms`);
    try {
      const response = await request(asked);
      tell(String(response.status));
      return response;
    } catch (error) {
      tell(`failed: ${messageOf(error)}`);
      throw error;
    }
  };
}

/** Query members that say what is asked for; others may be signatures and tokens. */
const SHOWN_QUERY = new Set(['artifactType', 'digest', 'from', 'last', 'mount', 'n', 'scope', 'service']);

function shownUrlOf({ url }: HttpRequest): string {
  const query = [...url.searchParams]
    .map(([name, value]) => `${name}=${SHOWN_QUERY.has(name) ? value : '…'}`)
    .join('&');
  return `${url.origin}${url.pathname}${query === '' ? '' : `?${query}`}`;
}
