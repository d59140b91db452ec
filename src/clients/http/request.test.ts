import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';

import { hasCode } from '../../../test/support/error-code.ts';
import { reply, startScriptedServer } from '../../../test/support/scripted-server.ts';
import { createScratchFolder } from '../../../test/support/scratch.ts';
import { createTlsFiles } from '../../../test/support/tls.ts';
import { CountersignError } from '../../base/errors.ts';
import type { HttpRequest, HttpResponse } from '../../base/runtime.ts';
import { openRequest } from './request.ts';
import type { OpenRequest } from './request.ts';

const folder = createScratchFolder('request');
const tlsFiles = createTlsFiles(folder);
const serverTls = { cert: readFileSync(tlsFiles.certFile), key: readFileSync(tlsFiles.keyFile) };
const caPem = readFileSync(tlsFiles.caFile, 'utf8');

function open(t: TestContext, environment: Record<string, string> = {}): OpenRequest {
  const http = openRequest({ environment });
  t.after(http.close);
  return http;
}

async function textOf(response: HttpResponse): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

const get = (url: string, rest: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'GET',
  url: new URL(url),
  ...rest,
});

test('a request and its answer go through whole, on one connection for both', async (t) => {
  const ports = new Set<number | undefined>();
  const server = await startScriptedServer(t, (request, response) => {
    ports.add(response.socket?.remotePort);
    reply(response, 200, { 'x-a': '1', link: 'x' }, `${request.method} ${request.body.toString()}`);
  });
  const { request } = open(t);
  const first = await request({
    method: 'PUT',
    url: new URL(`http://${server.host}/a?b=c`),
    body: Buffer.from('hello'),
    headers: { 'x-b': '2' },
  });
  assert.equal(first.status, 200);
  assert.equal(first.headers['x-a'], '1');
  assert.equal(await textOf(first), 'PUT hello');
  await textOf(await request(get(`http://${server.host}/`)));
  assert.equal(server.seen[0]?.path, '/a?b=c');
  assert.equal(server.seen[0]?.headers['content-length'], '5');
  assert.equal(ports.size, 1);
});

test('a user and password in a URL are not sent', async (t) => {
  const server = await startScriptedServer(t, (_request, response) => reply(response, 200));
  await textOf(await open(t).request(get(`http://user:secret@${server.host}/`)));
  assert.equal(server.seen[0]?.headers.authorization, undefined);
});

test('a stream is sent as it comes, and an early refusal ends it', async (t) => {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(413).end('too large');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  let made = 0;
  let isFreed = false;
  const endless = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        made += 1;
        yield new Uint8Array(65_536);
      }
    } finally {
      isFreed = true;
    }
  };
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const response = await open(t).request({ method: 'PUT', url: new URL(url), body: endless() });
  assert.equal(response.status, 413);
  assert.equal(await textOf(response), 'too large');
  await new Promise((resolve) => setTimeout(resolve, 20));
  const count = made;
  assert.ok(isFreed);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(made, count);
});

test('what goes wrong where a stream comes from is thrown as it is', async (t) => {
  const server = await startScriptedServer(t, (_request, response) => reply(response, 200));
  const reason = new Error('no more');
  const failing = async function* (): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(10);
    throw reason;
  };
  const request: HttpRequest = { method: 'PUT', url: new URL(`http://${server.host}/`), body: failing() };
  await assert.rejects(open(t).request(request), (error) => error === reason);
});

test('an answer shorter than it promised is HTTP_CUT, before the headers as in the body', async (t) => {
  const server = await startScriptedServer(t, (request, response) => {
    if (request.path === '/body') {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
      setTimeout(() => response.destroy(), 10);
    } else {
      response.destroy();
    }
  });
  const { request } = open(t);
  await assert.rejects(request(get(`http://${server.host}/head`)), hasCode('HTTP_CUT'));
  const response = await request(get(`http://${server.host}/body`));
  await assert.rejects(textOf(response), hasCode('HTTP_CUT'));
});

test('what is no HTTP is HTTP_CUT', async (t) => {
  const server = net.createServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  await assert.rejects(
    open(t).request(get(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)),
    hasCode('HTTP_CUT'),
  );
});

test('silence is HTTP_STALLED, before the answer and in the middle; a slow reader is no silence', async (t) => {
  const server = await startScriptedServer(t, (request, response) => {
    if (request.path === '/whole') {
      reply(response, 200, {}, Buffer.alloc(3_000_000));
    } else if (request.path === '/body') {
      response.writeHead(200);
      response.write('half');
    }
  });
  const { request } = open(t);
  await assert.rejects(request(get(`http://${server.host}/head`, { idleTimeoutMs: 50 })), hasCode('HTTP_STALLED'));
  await assert.rejects(
    textOf(await request(get(`http://${server.host}/body`, { idleTimeoutMs: 50 }))),
    hasCode('HTTP_STALLED'),
  );
  let size = 0;
  for await (const chunk of (await request(get(`http://${server.host}/whole`, { idleTimeoutMs: 100 }))).body) {
    if (size === 0) await new Promise((resolve) => setTimeout(resolve, 250));
    size += chunk.length;
  }
  assert.equal(size, 3_000_000);
});

test('an abort ends a request with its own reason, under way and in the body', async (t) => {
  const server = await startScriptedServer(t, (request, response) => {
    if (request.path === '/body') {
      response.writeHead(200);
      response.write('half');
    }
  });
  const reason = new Error('enough');
  for (const path of ['/head', '/body']) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 30);
    const run = async (): Promise<string> =>
      textOf(await open(t).request(get(`http://${server.host}${path}`, { signal: controller.signal })));
    await assert.rejects(run(), (error) => error === reason, path);
  }
});

test('a port where nobody listens is HTTP_UNREACHABLE, and so is TLS to a server without', async (t) => {
  const server = await startScriptedServer(t, (_request, response) => reply(response, 200));
  await assert.rejects(open(t).request(get('http://127.0.0.1:1/')), hasCode('HTTP_UNREACHABLE'));
  await assert.rejects(open(t).request(get(`https://${server.host}/`)), hasCode('HTTP_UNREACHABLE'));
});

test('breaking off a body frees the connection', async (t) => {
  const server = await startScriptedServer(t, (_request, response) => {
    response.on('close', () => closed());
    response.writeHead(200);
    response.write('first');
  });
  let closed = (): void => undefined;
  const isClosed = new Promise<void>((resolve) => {
    closed = resolve;
  });
  for await (const chunk of (await open(t).request(get(`http://${server.host}/`))).body) {
    assert.equal(Buffer.from(chunk).toString(), 'first');
    break;
  }
  await isClosed;
});

test('a certificate of an unknown authority is TLS_UNTRUSTED; with the authority it is not; the hint names the CA flag', async (t) => {
  const server = await startScriptedServer(t, (_request, response) => reply(response, 200, {}, 'over tls'), serverTls);
  const { request } = open(t);
  await assert.rejects(
    request(get(`https://${server.host}/`)),
    (error) => hasCode('TLS_UNTRUSTED')(error) && (error as CountersignError).hint.includes('--registry-cacert'),
  );
  assert.equal(await textOf(await request(get(`https://${server.host}/`, { tls: { caPem } }))), 'over tls');
  // The trust of one request is not the trust of the next.
  await assert.rejects(request(get(`https://${server.host}/`)), hasCode('TLS_UNTRUSTED'));
  assert.equal(
    await textOf(await request(get(`https://${server.host}/`, { tls: { unsafeSkipVerify: true } }))),
    'over tls',
  );
});

test('a certificate for another name is TLS_UNTRUSTED, unless that is the server name asked for', async (t) => {
  const server = await startScriptedServer(t, (_request, response) => reply(response, 200), serverTls);
  const url = `https://${server.host}/`;
  await assert.rejects(
    open(t).request(get(url, { tls: { caPem, serverName: 'other.example' } })),
    hasCode('TLS_UNTRUSTED'),
  );
  assert.equal((await open(t).request(get(url, { tls: { caPem, serverName: 'localhost' } }))).status, 200);
});

test('a CA file without certificates, or with a broken one, is TLS_CA_INVALID and never ignored', async (t) => {
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  for (const pem of ['', 'no pem', broken, caPem + broken]) {
    await assert.rejects(
      open(t).request(get('https://127.0.0.1:1/', { tls: { caPem: pem } })),
      hasCode('TLS_CA_INVALID'),
    );
  }
  await assert.rejects(
    open(t, { SSL_CERT_FILE: join(folder, 'missing') }).request(get('https://127.0.0.1:1/')),
    hasCode('TLS_CA_INVALID'),
  );
});

test('SSL_CERT_FILE and SSL_CERT_DIR add authorities; keys beside them in the folder do no harm', async (t) => {
  const server = await startScriptedServer(t, (_request, response) => reply(response, 200), serverTls);
  for (const environment of [{ SSL_CERT_FILE: tlsFiles.caFile }, { SSL_CERT_DIR: `/nowhere:${folder}` }]) {
    assert.equal((await open(t, environment).request(get(`https://${server.host}/`))).status, 200);
  }
});

test('an authority that only this machine trusts is found', async (t) => {
  const server = await startScriptedServer(t, (_request, response) => reply(response, 200), serverTls);
  const program = `
    import { openRequest } from ${JSON.stringify(new URL('request.ts', import.meta.url).href)};
    const { request, close } = openRequest({ environment: {} });
    const { status } = await request({ method: 'GET', url: new URL('https://${server.host}/') });
    console.log(status);
    close();`;
  // OpenSSL reads this variable as the place of the system's authorities.
  const env = { ...process.env, SSL_CERT_FILE: tlsFiles.caFile, NODE_EXTRA_CA_CERTS: '' };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { env });
  assert.equal(stdout, '200\n');
});

test('a client certificate is shown where it is asked for; one without its key is an error', async (t) => {
  const [clientCertificate, clientKey] = [join(folder, 'client.pem'), join(folder, 'client.key')];
  const make = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=robot',
  ];
  execFileSync('openssl', [...make, '-keyout', clientKey, '-out', clientCertificate], { stdio: 'pipe' });
  const clientCertificatePem = readFileSync(clientCertificate, 'utf8');
  const clientKeyPem = readFileSync(clientKey, 'utf8');
  const server = await startScriptedServer(t, (_request, response) => reply(response, 200), {
    ...serverTls,
    requestCert: true,
    ca: clientCertificatePem,
  });
  const url = `https://${server.host}/`;
  assert.equal((await open(t).request(get(url, { tls: { caPem, clientCertificatePem, clientKeyPem } }))).status, 200);
  await assert.rejects(open(t).request(get(url, { tls: { caPem } })), CountersignError);
  const foreignKey = readFileSync(tlsFiles.keyFile, 'utf8');
  await assert.rejects(
    open(t).request(get(url, { tls: { caPem, clientCertificatePem, clientKeyPem: foreignKey } })),
    hasCode('TLS_CLIENT_CERTIFICATE_INVALID'),
  );
});

test('https goes through a tunnel, http through a forwarding proxy, and only the proxy sees its password', async (t) => {
  const server = await startScriptedServer(t, (_request, response) => reply(response, 200, {}, 'behind'), serverTls);
  const tunnels: (string | undefined)[] = [];
  const proxy = createServer((request, response) => {
    tunnels.push(`${request.method} ${request.url} ${request.headers['proxy-authorization']}`);
    response.end('forwarded');
  });
  proxy.on('connect', (request, socket) => {
    tunnels.push(`${request.method} ${request.url} ${request.headers['proxy-authorization']}`);
    const upstream = net.connect(server.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.after(() => {
    proxy.close();
    proxy.closeAllConnections();
  });
  const address = `http://user:p%40ss@127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const { request } = open(t, { HTTP_PROXY: address, HTTPS_PROXY: address });
  const tls = { caPem, serverName: 'localhost' };
  assert.equal(await textOf(await request(get('https://registry.test:8443/x', { tls }))), 'behind');
  assert.equal(await textOf(await request(get('http://registry.test/x'))), 'forwarded');
  const basic = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;
  assert.deepEqual(tunnels, [`CONNECT registry.test:8443 ${basic}`, `GET http://registry.test/x ${basic}`]);
  assert.equal(server.seen[0]?.headers['proxy-authorization'], undefined);
});

test('a proxy that refuses is HTTP_UNREACHABLE, and its password stays out of the error', async (t) => {
  const proxy = createServer();
  proxy.on('connect', (_request, socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'));
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.after(() => proxy.close());
  const { request } = open(t, {
    HTTPS_PROXY: `http://user:hunter2@127.0.0.1:${(proxy.address() as AddressInfo).port}`,
  });
  await assert.rejects(request(get('https://registry.test/')), (error) => {
    assert.ok(hasCode('HTTP_UNREACHABLE')(error));
    assert.ok(!JSON.stringify([error, String((error as Error).cause)]).includes('hunter2'));
    return true;
  });
});

test('a trust file without end is TLS_CA_INVALID, not all of the memory', async (t) => {
  const { request } = open(t, { SSL_CERT_FILE: '/dev/zero' });
  await assert.rejects(request(get('https://127.0.0.1:1/')), hasCode('TLS_CA_INVALID'));
});

test('a certificate that is too weak is not trusted, and that is no sign of a server without TLS', async (t) => {
  const [certFile, keyFile] = [join(folder, 'weak.pem'), join(folder, 'weak.key')];
  const args = [
    'req',
    '-x509',
    '-newkey',
    'rsa:1024',
    '-nodes',
    '-keyout',
    keyFile,
    '-out',
    certFile,
    '-subj',
    '/CN=a',
  ];
  execFileSync('openssl', [...args, '-addext', 'subjectAltName=IP:127.0.0.1'], { stdio: 'pipe' });
  const [cert, key] = [readFileSync(certFile), readFileSync(keyFile)];
  const server = await startScriptedServer(t, (_request, response) => reply(response, 200), {
    cert,
    key,
    ciphers: 'DEFAULT@SECLEVEL=0',
  });
  const tls = { caPem: cert.toString() };
  await assert.rejects(open(t).request(get(`https://${server.host}/`, { tls })), hasCode('TLS_UNTRUSTED'));
});
