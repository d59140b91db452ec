import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { mock, test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { CountersignError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { hasCode } from '../../test/support/error-code.ts';
import { registryRequest } from '../../test/support/registry-request.ts';
import { createScratchFolder } from '../../test/support/scratch.ts';
import { createTlsFiles } from '../../test/support/tls.ts';
import { readBody, sendEmpty, sendJson } from './exchange.ts';
import { startServer } from './server.ts';
import type { RunningServer, ServerOptions } from './server.ts';

const loopback = { host: '127.0.0.1', port: 0 };

/** Answers GET with {}, PUT with the number of bytes (at most 10), and errors with their code. */
async function start(t: TestContext, options: Partial<ServerOptions> = {}): Promise<RunningServer> {
  const server = await startServer({
    listen: loopback,
    handle: async (request, response) => {
      const body = await readBody(request, 'test body', 10);
      sendJson(response, 200, {}, { bytes: body.length });
    },
    answerError: (error, _request, response) => {
      const known = error instanceof CountersignError ? error : undefined;
      sendEmpty(response, known?.entry.http ?? 500, { 'X-Code': known?.code ?? 'NONE' });
    },
    ...options,
  });
  t.after(() => server.close());
  return server;
}

function connectTo({ host }: RunningServer): Socket {
  return connect(Number(host.split(':')[1]), '127.0.0.1');
}

const ask = (server: RunningServer, method: string, content: Parameters<typeof registryRequest>[3] = {}) =>
  registryRequest({ host: server.host, scheme: 'http' }, method, '/', content);

test('a server names its address and sets the headers that keep browsers from running anything', async (t) => {
  const server = await start(t);
  assert.match(server.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  const { status, headers, body } = await ask(server, 'PUT', { body: '12345' });
  assert.equal(status, 200);
  assert.equal(body.toString(), '{"bytes":5}');
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.equal(headers['content-security-policy'], "sandbox; default-src 'none'");
});

test('HTTPS is served with a certificate and key', async (t) => {
  const files = createTlsFiles(createScratchFolder('serve'));
  const tls = { certificatePem: readFileSync(files.certFile, 'utf8'), keyPem: readFileSync(files.keyFile, 'utf8') };
  const server = await start(t, { tls });
  assert.match(server.url, /^https:/);
  const answer = await registryRequest({ host: server.host, scheme: 'https', caFile: files.caFile }, 'GET', '/');
  assert.equal(answer.status, 200);
});

test('a certificate or key that cannot be used is refused at start', async (t) => {
  const tls = { certificatePem: 'not a certificate', keyPem: 'not a key' };
  await assert.rejects(start(t, { tls }), hasCode('SERVER_TLS_INVALID'));
});

test('an address that is taken is refused at start', async (t) => {
  const { host } = await start(t);
  const port = Number(host.split(':')[1]);
  await assert.rejects(start(t, { listen: { host: '127.0.0.1', port } }), hasCode('LISTEN_FAILED'));
});

test('a loopback server called by another name is being reached through a page: refused', async (t) => {
  const server = await start(t);
  const port = server.host.split(':')[1];
  for (const host of [
    'attacker.example',
    `attacker.example:${port}`,
    '127.0.0.1.attacker.example',
    '192.168.1.4',
    '[::2]',
  ]) {
    const { status, headers } = await ask(server, 'GET', { headers: { host } });
    assert.deepEqual([status, headers['x-code']], [421, 'HOST_REFUSED'], host);
  }
  for (const host of [`localhost:${port}`, '[::1]:1', '127.9.9.9']) {
    assert.equal((await ask(server, 'GET', { headers: { host } })).status, 200, host);
  }
});

test('a server that listens on more than loopback is called by any name', async (t) => {
  const server = await start(t, { listen: { host: '0.0.0.0', port: 0 } });
  assert.equal((await ask(server, 'GET', { headers: { host: 'registry.example' } })).status, 200);
});

test('a page of another origin is refused, one of the server itself is not', async (t) => {
  const server = await start(t);
  const other = await ask(server, 'PUT', { headers: { origin: 'https://attacker.example' } });
  assert.deepEqual([other.status, other.headers['x-code']], [403, 'ORIGIN_REFUSED']);
  assert.equal((await ask(server, 'PUT', { headers: { origin: 'null' } })).status, 403);
  assert.equal((await ask(server, 'PUT', { headers: { origin: server.url } })).status, 200);
});

test('a body over the cap is answered, whether its length was announced or not', async (t) => {
  const server = await start(t);
  const announced = await ask(server, 'PUT', { body: 'x'.repeat(11) });
  assert.deepEqual([announced.status, announced.headers['x-code']], [413, 'INPUT_TOO_LARGE']);

  const [address = '', port = ''] = server.host.split(':');
  const socket = connect(Number(port), address);
  socket.write(
    'PUT / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n8\r\n12345678\r\n',
  );
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.match(answer.toString(), /^HTTP\/1\.1 413 /);
  socket.destroy();
});

test('a request that names its host twice is refused: somebody in front may have looked at the other', async (t) => {
  const server = await start(t, { listen: { host: '0.0.0.0', port: 0 } });
  const socket = connectTo(server);
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nhOST: other.example\r\n\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.match(answer.toString(), /^HTTP\/1\.1 421 [^]*X-Code: HOST_REFUSED/);
  socket.destroy();
});

test('a connection that sends requests without end and waits for none of the answers is cut', async (t) => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  let started = 0;
  const server = await start(t, {
    handle: async (_request, response) => {
      started += 1;
      await held;
      sendEmpty(response, 200, {});
    },
  });
  const request = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const patient = connectTo(server);
  patient.write(request.repeat(limits.pipelinedRequests));
  const flood = connectTo(server);
  flood.on('error', () => undefined);
  flood.write(request.repeat(1000));
  await once(flood, 'close');
  assert.equal(started, 2 * limits.pipelinedRequests);
  release();
  await once(patient, 'data');
  patient.destroy();
});

test('who sends a body without end that nobody reads is cut after the answer', async (t) => {
  const server = await start(t, { handle: async (_request, response) => sendEmpty(response, 404, {}) });
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const socket = connectTo(server);
  socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.match(answer.toString(), /^HTTP\/1\.1 404 /);
  const ended = once(socket, 'close');
  const timer = setInterval(() => mock.timers.tick(limits.serviceBodyMs), 5);
  await ended;
  clearInterval(timer);
});

test('headers over the cap are answered with 431', async (t) => {
  const server = await start(t);
  assert.equal((await ask(server, 'GET', { headers: { 'x-long': 'x'.repeat(40 * 1024) } })).status, 431);
});

test('stopping finishes what is under way and accepts nothing more', async (t) => {
  const entered = Promise.withResolvers<void>();
  const server = await start(t, {
    handle: async (_request, response) => {
      entered.resolve();
      await sleep(100);
      sendJson(response, 200, {}, 'done');
    },
  });
  const answer = ask(server, 'GET');
  await entered.promise;
  const stopped = server.close();
  await assert.rejects(ask(server, 'GET'));
  assert.equal((await answer).body.toString(), '"done"');
  await stopped;
});

test('stopping does not wait for a connection that is kept open and idle', async (t) => {
  const server = await start(t);
  const [address = '', port = ''] = server.host.split(':');
  const socket = connect(Number(port), address);
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await once(socket, 'data');
  const before = Date.now();
  await server.close();
  assert.ok(Date.now() - before < 1000);
});

test('a failure after the head was sent cuts the connection: no answer looks whole that is not', async (t) => {
  const server = await start(t, {
    handle: async (_request, response) => {
      response.writeHead(200, { 'Content-Length': 100 });
      response.write('half');
      throw new Error('the disk failed');
    },
  });
  await assert.rejects(ask(server, 'GET'), { code: 'ECONNRESET' });
});

test('a failure while answering for a failure cuts that connection and no other', async (t) => {
  let calls = 0;
  const server = await start(t, {
    handle: async (_request, response) => {
      calls += 1;
      if (calls === 1) {
        throw new Error('first');
      }
      sendJson(response, 200, {}, 'still here');
    },
    answerError: () => {
      throw new Error('second');
    },
  });
  await assert.rejects(ask(server, 'GET'), { code: 'ECONNRESET' });
  assert.equal((await ask(server, 'GET')).body.toString(), '"still here"');
});
