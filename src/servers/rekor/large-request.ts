/** Large requests take turns: what is held and judged at once must fit into memory. Only what has come takes a turn: who
 *  sends slowly keeps nobody waiting. */

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
  let heldBytes = 0;
  return async (call, what, judge) => {
    let own = 0;
    let isOver = false;
    const hold = (count: number): void => {
      // What comes after the time for it was over is not read any more.
      if (isOver || heldBytes + count > limits.rekorHeldBytes) {
        throw new RemoteError('LOG_BUSY', `${heldBytes} bytes of requests are being read already`);
      }
      own += count;
      heldBytes += count;
    };
    try {
      const maxBytes = limits.rekorRequestBytes;
      const body = await call.body(what, maxBytes, hold);
      const run = async () => judge(parseJson(body, { what, maxBytes }));
      if (body.length <= limits.rekorSmallRequestBytes) return await run();
      await takeTurn();
      try {
        return await run();
      } finally {
        endTurn();
      }
    } finally {
      isOver = true;
      heldBytes -= own;
    }
  };
}
