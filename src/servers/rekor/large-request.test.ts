import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { utf8Of } from '../../base/bytes.ts';
import { limits } from '../../base/limits.ts';
import type { Call } from '../../serve/service.ts';
import { createJudgeRequest } from './large-request.ts';

interface TestRequest {
  readonly call: Call;
  /** The rest of the body, which is an empty object and so many spaces. */
  readonly arrive: () => void;
  readonly arrivePart: (bytes: number) => void;
}

const LARGE = limits.rekorSmallRequestBytes + 1;

/** A request whose body arrives when it is told to. */
function requestOf(bodyBytes: number): TestRequest {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  let hear: (count: number) => void = () => undefined;
  let arrived = 0;
  const arrivePart = (bytes: number): void => {
    arrived += bytes;
    try {
      hear(bytes);
    } catch (error) {
      reject(error);
    }
  };
  const body: Call['body'] = (_what, _maxBytes, onBytes = hear) => {
    hear = onBytes;
    return promise;
  };
  const call: Call = { method: 'POST', url: new URL('http://stack.test/'), headers: {}, params: {}, body };
  const arrive = (): void => {
    arrivePart(bodyBytes - arrived);
    resolve(utf8Of('{}'.padEnd(bodyBytes)));
  };
  return { call, arrive, arrivePart };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('so many large requests are judged at once, the next when one has ended, whether well or not', async () => {
  const judgeRequest = createJudgeRequest();
  const judged: number[] = [];
  const ends: (() => void)[] = [];
  const done = Array.from({ length: limits.rekorLargeRequests + 2 }, (_, at) => {
    const { call, arrive } = requestOf(LARGE);
    const judging = judgeRequest(call, 'request', async () => {
      judged.push(at);
      await new Promise<void>((resolve) => ends.push(resolve));
      if (at === 0) throw new Error('refused');
    });
    arrive();
    return judging.catch(() => undefined);
  });
  await settle();
  assert.deepEqual(judged, [0, 1]);
  ends[0]?.();
  await settle();
  assert.deepEqual(judged, [0, 1, 2]);
  ends[1]?.();
  await settle();
  assert.deepEqual(judged, [0, 1, 2, 3]);
  ends.forEach((end) => end());
  await Promise.all(done);
});

test('who sends slowly keeps nobody waiting, and small requests pass by large ones', async () => {
  const judgeRequest = createJudgeRequest();
  const slow = Array.from({ length: 20 }, () => requestOf(LARGE));
  const reading = slow.map(({ call }) => judgeRequest(call, 'request', async () => undefined));
  slow.forEach(({ arrivePart }) => arrivePart(1000));
  const stuck = Array.from({ length: limits.rekorLargeRequests }, () => requestOf(LARGE));
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const judging = stuck.map(({ call }) => judgeRequest(call, 'request', () => held));
  const [first, ...others] = stuck;
  others.forEach(({ arrive }) => arrive());
  const quick = requestOf(LARGE);
  quick.arrive();
  assert.equal(await judgeRequest(quick.call, 'request', async () => 'judged'), 'judged');
  first?.arrive();
  const small = requestOf(limits.rekorSmallRequestBytes);
  small.arrive();
  assert.equal(await judgeRequest(small.call, 'request', async () => 'judged'), 'judged');
  release();
  slow.forEach(({ arrive }) => arrive());
  await Promise.all([...reading, ...judging]);
});

test('when too many large requests wait, one more is told to come again', async () => {
  const judgeRequest = createJudgeRequest();
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const ask = (): Promise<unknown> => {
    const { call, arrive } = requestOf(LARGE);
    const judging = judgeRequest(call, 'request', () => held);
    arrive();
    return judging;
  };
  const done = Array.from({ length: limits.rekorLargeRequests + limits.rekorWaitingRequests }, ask);
  await settle();
  await assert.rejects(ask(), hasCode('LOG_BUSY'));
  release();
  await Promise.all(done);
  await ask();
});

test('no more bytes are held than fit into memory, and what ended is forgotten', async () => {
  const judgeRequest = createJudgeRequest();
  const size = limits.rekorRequestBytes;
  const held = Array.from({ length: limits.rekorHeldBytes / size }, () => requestOf(2));
  const done = held.map(({ call }) => judgeRequest(call, 'request', async () => 'judged'));
  held.forEach(({ arrivePart }) => arrivePart(size));
  const next = requestOf(2);
  const refused = judgeRequest(next.call, 'request', async () => 'judged');
  next.arrivePart(1);
  await assert.rejects(refused, hasCode('LOG_BUSY'));
  // More of what was refused may still come: it counts for nothing.
  next.arrivePart(size);
  held.forEach(({ arrive }) => arrive());
  await Promise.all(done);
  const last = Array.from({ length: limits.rekorHeldBytes / size }, () => requestOf(2));
  const judged = last.map(({ call }) => judgeRequest(call, 'request', async () => 'judged'));
  last.forEach(({ arrivePart }) => arrivePart(size));
  last.forEach(({ arrive }) => arrive());
  assert.deepEqual(new Set(await Promise.all(judged)), new Set(['judged']));
});
