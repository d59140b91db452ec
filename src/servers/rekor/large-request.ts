/** Large requests take turns: what is read and judged at once must fit into memory. */

import { RemoteError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { parseJson } from '../../base/json.ts';
import type { JsonValue } from '../../base/json.ts';
import type { Call } from '../../serve/service.ts';

/** Reads the body of a request as JSON and hands it to `judge`; a large one when it is its turn.
 *  Throws LOG_BUSY, INPUT_TOO_LARGE, what `parseJson` throws and what `judge` throws. */
export type JudgeRequest = <T>(call: Call, what: string, judge: (document: JsonValue) => Promise<T>) => Promise<T>;

export function createJudgeRequest(): JudgeRequest {
  const waiting: (() => void)[] = [];
  let running = 0;
  const takeTurn = async (): Promise<void> => {
    if (running < limits.rekorLargeRequests) {
      running += 1;
      return;
    }
    if (waiting.length >= limits.rekorWaitingRequests) {
      throw new RemoteError('LOG_BUSY', `${waiting.length} large requests are waiting already`);
    }
    await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const endTurn = (): void => {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  };
  return async (call, what, judge) => {
    const run = async () => judge(await fetchDocument(call, what));
    if (isSmall(call)) return run();
    await takeTurn();
    try {
      return await run();
    } finally {
      endTurn();
    }
  };
}

async function fetchDocument(call: Call, what: string): Promise<JsonValue> {
  const maxBytes = limits.rekorRequestBytes;
  return parseJson(await call.body(what, maxBytes), { what, maxBytes });
}

/** A request that does not say its length may have any. */
function isSmall({ headers }: Call): boolean {
  const length = headers['content-length'];
  return length !== undefined && Number(length) <= limits.rekorSmallRequestBytes;
}
