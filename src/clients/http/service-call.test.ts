import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { reply, startScriptedServer } from '../../../test/support/scripted-server.ts';
import { createTestRuntime } from '../../../test/support/test-runtime.ts';
import { RemoteError } from '../../base/errors.ts';
import type { CountersignError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { callService, parseServiceUrl, serviceAddressOf } from './service-call.ts';
import type { ServiceAnswer } from './service-call.ts';

const token = `eyJhbGciOiJFUzI1NiJ9.${'p'.repeat(60)}.${'s'.repeat(60)}`;

const call = (t: Parameters<typeof createTestRuntime>[0], host: string): Promise<ServiceAnswer> =>
  callService(createTestRuntime(t), {
    service: 'the service',
    method: 'POST',
    url: new URL(`http://${host}/sign`),
    headers: { authorization: `Bearer ${token}` },
    expected: [200],
  });

test('an address is https, or plain http on loopback, and nothing else stands in it', () => {
  for (const text of [
    'https://a.example',
    'https://a.example/b/',
    'http://127.0.0.1:8080',
    'http://localhost',
    'http://[::1]:1/x',
  ]) {
    assert.equal(parseServiceUrl(text, '--x').href, new URL(text).href);
  }
  for (const text of [
    'http://a.example',
    'http://localhost.example',
    'http://10.0.0.1',
    'ftp://a.example',
    'a.example',
    '',
    'https://user:word@a.example',
    'https://a.example?x=1',
    'https://a.example#x',
  ]) {
    assert.throws(() => parseServiceUrl(text, '--x'), hasCode('SERVICE_URL_INVALID'), text);
  }
});

test('a password in an address is not repeated', () => {
  assert.throws(
    () => parseServiceUrl('https://user:word@a.example', '--x'),
    (error: Error) => !error.message.includes('word'),
  );
});

test('a path is put after whatever path the service has', () => {
  for (const base of ['https://a.example', 'https://a.example/', 'https://a.example//']) {
    assert.equal(serviceAddressOf(new URL(base), '/api').href, 'https://a.example/api');
  }
  assert.equal(serviceAddressOf(new URL('https://a.example/b'), '/api').href, 'https://a.example/b/api');
});

test('nothing is sent over plain http to another machine', async (t) => {
  let count = 0;
  const request = async (): Promise<never> => {
    count += 1;
    throw new Error('asked');
  };
  const url = new URL('http://service.example/sign');
  const asked = callService(createTestRuntime(t, { request }), { service: 's', method: 'GET', url, expected: [200] });
  await assert.rejects(asked, hasCode('SERVICE_URL_INVALID'));
  assert.equal(count, 0);
});

test('failures that pass are asked about again, waiting as long as the service wants; others are not', async (t) => {
  const statuses = [503, 429, 200];
  const server = await startScriptedServer(t, (_request, response) => {
    reply(response, statuses.shift() ?? 400, { 'retry-after': '2' }, '{"message":"no"}');
  });
  assert.equal((await call(t, server.host)).status, 200);
  assert.equal(server.seen.length, 3);
  await assert.rejects(call(t, server.host), hasCode('SERVICE_FAILED'));
  assert.equal(server.seen.length, 4);
});

test("an error holds the service's reason, without the token and without control characters", async (t) => {
  const server = await startScriptedServer(t, (_request, response) => {
    reply(
      response,
      400,
      {},
      JSON.stringify({ code: 3, message: `bad \u001b[31mtoken ${token} of ${token.slice(0, 50)}` }),
    );
  });
  try {
    await call(t, server.host);
    assert.fail();
  } catch (error) {
    assert.ok(error instanceof RemoteError && error.code === 'SERVICE_FAILED' && error.status === 400);
    assert.match(error.message, /^the service http:\/\/[\d.:]+\/sign answered 400: bad \\x1b\[31mtoken \(token\) of/);
    assert.ok(!error.message.includes(token.slice(0, 50)), error.message);
  }
});

test('a redirect is a failure that says where it would have gone', async (t) => {
  const server = await startScriptedServer(t, (_request, response) => {
    reply(response, 302, { location: 'https://thief.example/x?secret=1' });
  });
  await assert.rejects(
    call(t, server.host),
    (error: CountersignError) =>
      error.code === 'SERVICE_FAILED' &&
      error.message.includes('https://thief.example/x, which is not followed') &&
      !error.message.includes('secret'),
  );
  assert.equal(server.seen.length, 1);
});

test('an answer without end is cut off', async (t) => {
  const server = await startScriptedServer(t, (_request, response) => {
    response.writeHead(200);
    const chunk = Buffer.alloc(256 * 1024, 'x');
    const more = (): void => {
      if (!response.destroyed) response.write(chunk, () => setImmediate(more));
    };
    more();
  });
  await assert.rejects(call(t, server.host), hasCode('SERVICE_ANSWER_INVALID'));
  assert.ok(limits.serviceAnswerBytes < 16 * 1024 * 1024);
});
