import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { utf8Of } from '../../base/bytes.ts';
import { limits } from '../../base/limits.ts';
import type { Call } from '../../serve/service.ts';
import { createJudgeRequest } from './large-request.ts';

/** A request whose body arrives when it is told to. */
function requestOf(headers: Record<string, string> = {}): { readonly call: Call; readonly arrive: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const call: Call = {
    method: 'POST',
    url: new URL('http://stack.test/'),
    headers,
    params: {},
    body: async () => {
      await promise;
      return utf8Of('{}');
    },
  };
  return { call, arrive: resolve };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('so many large requests are read at once, the next when one has ended, whether well or not', async () => {
  const judgeRequest = createJudgeRequest();
  const requests = Array.from({ length: limits.rekorLargeRequests + 2 }, () => requestOf());
  const judged: number[] = [];
  const done = requests.map(({ call }, at) =>
    judgeRequest(call, 'request', async () => {
      judged.push(at);
      if (at === 0) throw new Error('refused');
    }).catch(() => undefined),
  );
  // All bodies are there but those of the first ones: nobody reads them.
  requests.slice(limits.rekorLargeRequests).forEach(({ arrive }) => arrive());
  await settle();
  assert.deepEqual(judged, []);
  requests[0]?.arrive();
  await settle();
  assert.deepEqual(judged, [0, 2, 3]);
  requests[1]?.arrive();
  await Promise.all(done);
  assert.deepEqual(judged, [0, 2, 3, 1]);
});

test('a request that says it is small passes by those that wait', async () => {
  const judgeRequest = createJudgeRequest();
  const large = Array.from({ length: limits.rekorLargeRequests }, () => requestOf());
  const waiting = large.map(({ call }) => judgeRequest(call, 'request', async () => undefined));
  const small = requestOf({ 'content-length': `${limits.rekorSmallRequestBytes}` });
  small.arrive();
  assert.equal(await judgeRequest(small.call, 'request', async () => 'judged'), 'judged');
  large.forEach(({ arrive }) => arrive());
  await Promise.all(waiting);
});

test('when too many large requests wait, one more is told to come again', async () => {
  const judgeRequest = createJudgeRequest();
  const held = Array.from({ length: limits.rekorLargeRequests + limits.rekorWaitingRequests }, () =>
    requestOf({ 'content-length': `${limits.rekorSmallRequestBytes + 1}` }),
  );
  const done = held.map(({ call }) => judgeRequest(call, 'request', async () => undefined));
  await assert.rejects(
    judgeRequest(requestOf().call, 'request', async () => undefined),
    hasCode('LOG_BUSY'),
  );
  held.forEach(({ arrive }) => arrive());
  await Promise.all(done);
  const next = requestOf();
  next.arrive();
  assert.equal(await judgeRequest(next.call, 'request', async () => 'judged'), 'judged');
});
