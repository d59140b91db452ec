/** What strangers, pages in a browser and programs that break the rules of HTTP can do to a stack that runs: nothing. */

import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { limits } from '../../src/base/limits.ts';
import { runCountersign } from '../support/countersign.ts';
import { hiddenFieldsOf, createBrowser } from '../support/issuer-lab.ts';
import { authorizationOf } from '../support/issuer-client.ts';
import { certify, hashedRekordOf, postJson } from '../support/plain-client.ts';
import { rawRequest, sendRaw } from '../support/raw-http.ts';
import { startStack } from '../support/stack.ts';
import type { TestStack } from '../support/stack.ts';

const password = 'a password that must not be seen';
let stack: TestStack;

before(async () => {
  const env = { COUNTERSIGN_STACK_PASSWORD: password };
  stack = await startStack({ args: ['--log-format', 'json', '--verbose'], env });
});
after(() => stack.close());

const reads = `
  / /healthz /readyz /metrics /ping /tuf/root.json /tuf/targets/trusted_root.json /api/v1/rootCert /api/v2/trustBundle
  /api/v2/configuration /api/v1/timestamp/certchain /api/v1/log /api/v1/log/publicKey /api/v1/log/checkpoint
  /api/v1/log/entries?logIndex=0 /ctlog/checkpoint /ctlog/ct/v1/get-sth /ctlog/ct/v1/get-roots /ctlog/tile/0/000
  /oidc/.well-known/openid-configuration /oidc/jwks /oidc/device /oidc/auth /v2/ /nothing`
  .trim()
  .split(/\s+/);
const writes = `
  /api/v1/signingCert /api/v2/signingCert /api/v1/timestamp /api/v1/log/entries /api/v1/log/entries/retrieve
  /api/v1/index/retrieve /ctlog/ct/v1/add-chain /ctlog/ct/v1/add-pre-chain
  /oidc/token /oidc/device/auth /oidc/device /oidc/sign-in/x /v2/a/blobs/uploads/`
  .trim()
  .split(/\s+/);

test('a page that leads its own name here (DNS rebinding) is refused on every path', async () => {
  const { port } = new URL(stack.url);
  for (const path of reads) {
    for (const host of [`rebound.example:${port}`, `localhost.rebound.example:${port}`, '10.0.0.1', 'a@localhost']) {
      const { status, text } = await sendRaw(stack.url, rawRequest('GET', path, [`Host: ${host}`]));
      assert.equal(status, 421, `${path} as ${host}: ${text}`);
    }
  }
});

test('a page of another origin may send nothing, may read nothing, and what it frames does not run', async () => {
  for (const path of writes) {
    for (const origin of ['https://evil.example', 'null', 'http://localhost:1', 'http://localhost']) {
      const { status } = await fetch(stack.url + path, { method: 'POST', headers: { origin }, body: 'a=b' });
      assert.equal(status, 403, `${path} from ${origin}`);
    }
    const preflight = await fetch(stack.url + path, {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    });
    assert.ok(preflight.status >= 400, path);
    assert.ok(!hasCorsHeader(preflight.headers), path);
  }
  for (const path of [...reads, ...writes]) {
    const { headers } = await fetch(stack.url + path, { headers: { origin: stack.url }, redirect: 'manual' });
    assert.ok(!hasCorsHeader(headers), path);
    assert.equal(headers.get('x-content-type-options'), 'nosniff', path);
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'/, path);
    if (!path.startsWith('/oidc')) assert.doesNotMatch(headers.get('content-type') ?? '', /html|xml|script/, path);
  }
});

test('no GET gives a token, and what the pages set in a browser is for them alone', async () => {
  const browser = createBrowser();
  const { location = '', headers } = await browser.get(authorizationOf({ url: `${stack.url}/oidc` }));
  const page = await browser.get(location);
  const cookies = [...headers.getSetCookie(), ...page.headers.getSetCookie()];
  assert.ok(cookies.length > 1);
  for (const cookie of cookies) {
    assert.match(cookie, /; path=\/oidc/i);
    assert.match(cookie, /; httponly/i);
    assert.match(cookie, /; samesite=(?:lax|strict)/i);
  }
  const { text } = await browser.get(
    `${location}?email=eve@example.com&${new URLSearchParams(hiddenFieldsOf(page)).toString()}`,
  );
  assert.doesNotMatch(text, /eyJ/);
  const hostile = await browser.get(`${stack.url}/oidc/device?user_code="><script>alert(1)</script>`);
  assert.doesNotMatch(hostile.text, /<script/);
  for (const path of ['/token', '/oidc/token', '/control.sock/token', '/oidc/mint']) {
    assert.doesNotMatch(await (await fetch(stack.url + path)).text(), /eyJ/, path);
  }
});

test('requests that two programs would cut in two ways are refused, and the connection ends', async () => {
  const post = 'POST /api/v1/log/entries HTTP/1.1\r\nHost: localhost\r\n';
  const smuggled = '0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';
  for (const request of [
    `${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${smuggled}`,
    `${post}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n${smuggled}`,
    `${post}Content-Length: 5\r\nContent-Length: 6\r\n\r\n${smuggled}`,
    `${post}Transfer-Encoding: xchunked\r\n\r\n${smuggled}`,
    `${post}Transfer-Encoding: chunked, identity\r\n\r\n${smuggled}`,
    `${post}Transfer-Encoding : chunked\r\n\r\n${smuggled}`,
    `${post}Content-Length: +5\r\n\r\n${smuggled}`,
    `${post}Content-Length: 0x5\r\n\r\n${smuggled}`,
    `${post}X: a\r\n b\r\n\r\n`,
    'GET /healthz HTTP/1.1\nHost: localhost\n\n',
    'GET /healthz HTTP/1.1\r\n\r\n',
    'GET /healthz HTTP/9.9\r\nHost: localhost\r\n\r\n',
    `GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ${'a'.repeat(limits.requestHeaderBytes)}\r\n\r\n`,
  ]) {
    const { text, isClosed } = await sendRaw(stack.url, request);
    assert.match(text, /^HTTP\/1\.1 (?:400|431|505) /, JSON.stringify(request.slice(0, 200)));
    assert.doesNotMatch(text, /SERVING/, JSON.stringify(request.slice(0, 200)));
    assert.ok(isClosed, JSON.stringify(request.slice(0, 200)));
  }
  const twice = await sendRaw(stack.url, rawRequest('GET', '/healthz', ['Host: localhost', 'Host: evil.example']));
  assert.equal(twice.status, 421);
  const foreign = await sendRaw(stack.url, rawRequest('GET', 'http://evil.example/healthz'));
  assert.equal(foreign.status, 404);
});

test('no spelling of a path leads out of where its files are', async () => {
  const up = ['..', '%2e%2e', '.%2e', '%2e%2e%2f..', '..%2f..', '..%5c..', '..\\..', '....//..', '..%00', '..;'];
  const roots = [
    '/tuf',
    '/tuf/targets',
    '/ctlog/issuer',
    '/ctlog/tile/0',
    '/api/v1/log/tile/0',
    '/v2/a/blobs',
    '/oidc',
  ];
  for (const root of roots) {
    for (const step of up) {
      for (const path of [`${root}/${step}/${step}/stack.json`, `${root}/${step}/keys.json`, `${root}/${step}`]) {
        const { status, text } = await sendRaw(stack.url, rawRequest('GET', path));
        assert.ok(status >= 400 && status < 500, `${path}: ${text}`);
        assert.doesNotMatch(text, /publicKeys|treeId|"version"/, path);
      }
    }
  }
});

const deep = (open: string, close: string) => open.repeat(100_000) + close.repeat(100_000);
const garbage: readonly (readonly [string, string | Uint8Array])[] = [
  ['nothing', ''],
  ['no JSON', '{'],
  ['deep lists', deep('[', ']')],
  ['deep objects', deep('{"a":', '}')],
  ['a member twice', '{"kind":"hashedrekord","kind":"dsse","apiVersion":"0.0.1","spec":{}}'],
  ['a prototype', '{"__proto__":{"kind":"hashedrekord","apiVersion":"0.0.1"},"constructor":{"prototype":{"spec":{}}}}'],
  ['a list', '[]'],
  ['null', 'null'],
  ['a number', '1e400'],
  ['a text that is no Unicode', Uint8Array.of(0x22, 0xff, 0xfe, 0x22)],
  ['DER that is too long for itself', Uint8Array.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff)],
  ['DER without end', Uint8Array.of(0x30, 0x80, 0x30, 0x80, 0x30, 0x80)],
  ['deep DER', Uint8Array.from({ length: 4000 }, (_, at) => (at % 2 === 0 ? 0x30 : 0x80))],
  ['compressed', gzipSync('{"entryUUIDs":[]}')],
];

test('bodies that cannot be read are refused with the reason, and nothing is logged', async () => {
  const sizes = await logSizes();
  for (const path of writes.filter((each) => each.startsWith('/api') || each.startsWith('/ctlog'))) {
    for (const [what, body] of garbage) {
      const types = path.endsWith('timestamp') ? ['application/timestamp-query', 'application/json'] : ['x/y'];
      for (const type of types) {
        const headers = {
          'content-type': type,
          ...(what === 'compressed' ? { 'content-encoding': 'gzip' } : {}),
        };
        const answer = await fetch(stack.url + path, {
          method: 'POST',
          headers,
          body: body as Uint8Array<ArrayBuffer>,
        });
        const text = await answer.text();
        // Questions without a member that is known are about nothing.
        if (what === 'a prototype' && path.endsWith('retrieve')) {
          assert.equal(text, '[]');
          continue;
        }
        assert.ok(answer.status >= 400 && answer.status < 500, `${path}, ${what}: ${answer.status} ${text}`);
        const problem = JSON.parse(text) as { readonly message?: string; readonly error_message?: string };
        assert.ok((problem.message ?? problem.error_message ?? '').length > 10, text);
      }
    }
    const huge = rawRequest('POST', path, ['Host: localhost', 'Content-Length: 99999999999']);
    const { status } = await sendRaw(stack.url, huge);
    assert.ok([413, 415].includes(status), `${path}: ${status}`);
  }
  assert.deepEqual(await logSizes(), sizes);
});

test('thousands of bad requests leave the stack as quick, and little in memory', async () => {
  const bad = { kind: 'hashedrekord', apiVersion: '0.0.1', spec: { data: 'x'.repeat(10_000) }, entries: 1, hash: 1 };
  const round = async (requests: number): Promise<void> => {
    for (let at = 0; at < requests; at += 16) {
      const asked = Array.from({ length: 16 }, (_, nth) => {
        const path = writes[(at + nth) % 8] ?? '';
        const token = { credentials: { oidcIdentityToken: `eyJ${at}.${nth}.x` } };
        return postJson(stack.url + path, path.endsWith('signingCert') ? token : bad);
      });
      for (const answer of await Promise.all(asked)) {
        await answer.arrayBuffer();
        assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status}`);
      }
    }
  };
  await round(1600);
  const before_ = residentMebibytes();
  await round(3200);
  assert.ok(residentMebibytes() - before_ < 64, `${before_} MiB became ${residentMebibytes()}`);
  const start = performance.now();
  assert.equal((await fetch(`${stack.url}/healthz`)).status, 200);
  assert.ok(performance.now() - start < 1000);
});

test('the socket by which tokens are given is for its owner alone, as is everything in the data directory', async () => {
  const modeOf = (path: string): number => statSync(path).mode & 0o777;
  assert.equal(modeOf(stack.dataDir), 0o700);
  for (const name of ['control.sock', 'keys.json', 'stack.json']) {
    assert.equal(modeOf(join(stack.dataDir, name)), 0o600, name);
  }
  assert.equal((await askSocket('/__proto__', '{}')).status, 400);
  assert.equal((await askSocket('/token', '{"email":1}')).status, 400);
  assert.equal((await askSocket('/token', `{"email":"${'a'.repeat(limits.controlBytes)}"}`)).status, 400);
});

test('a stack for production gives no token, signs nobody in and keeps no images', async (t) => {
  const production = await startStack({ isDevelopment: false });
  t.after(() => production.close());
  const run = await runCountersign(['stack', 'token', '--data', production.dataDir, '--identity', 'a@example.com']);
  assert.notEqual(run.status, 0);
  assert.match(run.stderr, /production stack proves no identities/);
  for (const path of ['/oidc/jwks', '/oidc/auth', '/oidc/device', '/v2/', '/v2/a/tags/list']) {
    assert.equal((await fetch(production.url + path)).status, 404, path);
  }
  const token = await stack.token();
  const answer = await postJson(`${production.url}/api/v2/signingCert`, { credentials: { oidcIdentityToken: token } });
  assert.ok(answer.status >= 400 && answer.status < 500);
});

test('no token, proof, password or key gets into the log, errors, process lists or files', async () => {
  const token = await stack.token('secrets@example.com');
  const { privateKey, chain } = await certify(stack.url, token);
  await postJson(`${stack.url}/api/v1/log/entries`, hashedRekordOf(Buffer.from('x'), privateKey, chain[0] ?? ''));
  const [header = '', claims = '', signature = ''] = token.split('.');
  const errors: string[] = [];
  for (const wrong of [
    `${header}.${claims}.${signature.slice(1)}`,
    `${header}.${claims}x.${signature}`,
    `${token}.x`,
  ]) {
    const credentials = { oidcIdentityToken: wrong };
    const publicKeyRequest = { publicKey: { content: chain[0] }, proofOfPossession: 'AAAA' };
    const answer = await postJson(`${stack.url}/api/v2/signingCert`, { credentials, publicKeyRequest });
    errors.push(await answer.text());
  }
  await fetch(`${stack.url}/api/v1/log?token=${token}`);
  await fetch(`${stack.url}/nothing/${token}`);
  const sealed = readdirSync(stack.dataDir).filter((name) => name.endsWith('.json'));
  const seen = {
    log: stack.log(),
    errors: errors.join('\n'),
    metrics: await (await fetch(`${stack.url}/metrics`)).text(),
    'command line': readFileSync(`/proc/${stack.pid}/cmdline`, 'latin1'),
    files: sealed.map((name) => readFileSync(join(stack.dataDir, name), 'latin1')).join('\n'),
  };
  assert.match(seen.log, /"service":"ca"/, 'the log says something');
  for (const [where, text] of Object.entries(seen)) {
    for (const secret of [signature.slice(1, 40), claims.slice(0, 40), password, 'PRIVATE KEY', '"d":']) {
      assert.ok(!text.includes(secret), `${where}: ${secret}`);
    }
  }
});

function hasCorsHeader(headers: Headers): boolean {
  return Array.from(headers.keys()).some((name) => name.startsWith('access-control-'));
}

async function logSizes(): Promise<unknown> {
  const { treeSize } = (await (await fetch(`${stack.url}/api/v1/log`)).json()) as { treeSize: number };
  const { tree_size: certificates } = (await (await fetch(`${stack.url}/ctlog/ct/v1/get-sth`)).json()) as {
    tree_size: number;
  };
  return { treeSize, certificates };
}

function residentMebibytes(): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${stack.pid}/status`, 'utf8'))?.[1]) / 1024;
}

function askSocket(path: string, body: string): Promise<{ readonly status: number }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly status: number }>();
  const request = httpRequest({ socketPath: join(stack.dataDir, 'control.sock'), path, method: 'POST' }, (response) => {
    response.resume().once('end', () => resolve({ status: response.statusCode ?? 0 }));
  });
  request.on('error', reject);
  request.end(body);
  return promise;
}
