import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { mock, test } from 'node:test';
import type { TestContext } from 'node:test';

import { registryRequest } from '../../test/support/registry-request.ts';
import { parseUtf8 } from '../base/bytes.ts';
import { InputError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { jsonAnswer } from './answer.ts';
import { openRouter } from './router.ts';
import type { Served } from './router.ts';
import { sendEmpty } from './exchange.ts';
import { startServer } from './server.ts';
import type { RunningServer } from './server.ts';
import type { Service } from './service.ts';

const service: Service = {
  name: 'test',
  endpoints: [
    { method: 'GET', path: '/fixed', handle: async ({ url }) => jsonAnswer(200, { query: url.searchParams.get('q') }) },
    {
      method: 'POST',
      path: '/fixed',
      handle: async (call) => jsonAnswer(201, { body: parseUtf8(await call.body('test body', 10)) }),
    },
    { method: 'GET', path: '/one/{name}', handle: async ({ params }) => jsonAnswer(200, params) },
    { method: 'GET', path: '/all.of/{level}/{path...}', handle: async ({ params }) => jsonAnswer(200, params) },
    {
      method: 'GET',
      path: '/broken',
      handle: () => Promise.reject(new Error('secret of the implementation')),
    },
    {
      method: 'GET',
      path: '/refused',
      handle: () => Promise.reject(new InputError('LOG_ENTRY_ABSENT', 'no such entry')),
    },
  ],
  problemOf: ({ entry, code, message }) => jsonAnswer(entry.http, { code, message }),
};

async function start(t: TestContext): Promise<{ readonly server: RunningServer; readonly served: Served[] }> {
  const served: Served[] = [];
  const router = openRouter([service], (each) => served.push(each));
  const server = await startServer({
    listen: { host: '127.0.0.1', port: 0 },
    handle: async (request, response) => {
      if (!(await router(request, response))) sendEmpty(response, 404, {});
    },
    answerError: (_error, _request, response) => sendEmpty(response, 500, {}),
  });
  t.after(() => server.close());
  return { server, served };
}

async function ask(
  { host }: RunningServer,
  method: string,
  path: string,
  body?: string,
): Promise<readonly [number, unknown]> {
  const answer = await registryRequest({ host, scheme: 'http' }, method, path, body === undefined ? {} : { body });
  const text = answer.body.toString();
  return [answer.status, text === '' ? undefined : (JSON.parse(text) as unknown)];
}

/** No client library sends such a path as it is. */
async function rawStatus({ host }: RunningServer, path: string): Promise<number> {
  const socket = connect(Number(host.split(':')[1]), '127.0.0.1');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return Number(answer.toString().split(' ')[1]);
}

test('an endpoint is found by path and method, and is told the parameters and the query', async (t) => {
  const { server, served } = await start(t);
  assert.deepEqual(await ask(server, 'GET', '/fixed?q=1'), [200, { query: '1' }]);
  assert.deepEqual(await ask(server, 'POST', '/fixed', 'abc'), [201, { body: 'abc' }]);
  assert.deepEqual(await ask(server, 'HEAD', '/fixed'), [200, undefined]);
  assert.deepEqual(await ask(server, 'GET', '/one/a%2Fb'), [200, { name: 'a/b' }]);
  assert.deepEqual(await ask(server, 'GET', '/all.of/0/x001/234.p/5'), [200, { level: '0', path: 'x001/234.p/5' }]);
  assert.deepEqual(
    served.map(({ endpoint, method, status }) => [endpoint, method, status]),
    [
      ['/fixed', 'GET', 200],
      ['/fixed', 'POST', 201],
      ['/fixed', 'GET', 200],
      ['/one/{name}', 'GET', 200],
      ['/all.of/{level}/{path...}', 'GET', 200],
    ],
  );
});

test('what is not served is left to others, and another method is refused', async (t) => {
  const { server } = await start(t);
  for (const path of ['/', '/fixed/', '/one/', '/one/a/b', '/allXof/0/1']) {
    assert.deepEqual(await ask(server, 'GET', path), [404, undefined], path);
  }
  // What somebody in front let through by another name.
  for (const path of [
    '/one/../fixed',
    '/one/%2e%2e/fixed',
    '/./fixed',
    '/one\\..\\fixed',
    '//fixed',
    '/\\fixed',
    '/fix ed',
  ]) {
    assert.deepEqual(await rawStatus(server, path), path === '/fix ed' ? 400 : 404, path);
  }
  const [status, body] = await ask(server, 'DELETE', '/fixed');
  assert.deepEqual([status, (body as { code: string }).code], [405, 'METHOD_NOT_SERVED']);
});

test('what goes wrong is answered in the words of the service, and what was not foreseen is not told', async (t) => {
  const { server, served } = await start(t);
  assert.deepEqual(await ask(server, 'GET', '/refused'), [404, { code: 'LOG_ENTRY_ABSENT', message: 'no such entry' }]);
  const [status, body] = await ask(server, 'GET', '/broken');
  assert.deepEqual([status, (body as { code: string }).code], [500, 'SERVER_FAILED']);
  assert.doesNotMatch(JSON.stringify(body), /secret/);
  assert.match(String(served.at(-1)?.error), /secret/);
  const [bad, why] = await ask(server, 'GET', '/one/%zz');
  assert.deepEqual([bad, (why as { code: string }).code], [400, 'REQUEST_PATH_MALFORMED']);
  const [large, cap] = await ask(server, 'POST', '/fixed', 'x'.repeat(11));
  assert.deepEqual([large, (cap as { code: string }).code], [413, 'INPUT_TOO_LARGE']);
});

test('a body that does not come is not waited for', async (t) => {
  const { server } = await start(t);
  const [address = '', port = ''] = server.host.split(':');
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const socket = connect(Number(port), address);
  socket.write('POST /fixed HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nab');
  const answer = once(socket, 'data') as Promise<[Buffer]>;
  // Until the server waits: then its clock is moved.
  const timer = setInterval(() => mock.timers.tick(limits.serviceBodyMs), 5);
  const [bytes] = await answer;
  clearInterval(timer);
  assert.match(bytes.toString(), /^HTTP\/1\.1 408 /);
  assert.ok(bytes.toString().includes('REQUEST_SLOW'));
  socket.destroy();
});
