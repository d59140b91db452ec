import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { createWorld, someone } from '../../../test/support/registry-world.ts';
import { createScratchFolder } from '../../../test/support/scratch.ts';
import { reply, startScriptedServer } from '../../../test/support/scripted-server.ts';
import type { Script } from '../../../test/support/scripted-server.ts';
import { createTestRuntime } from '../../../test/support/test-runtime.ts';
import { createTlsFiles } from '../../../test/support/tls.ts';
import { RemoteError } from '../../base/errors.ts';
import type { HttpRequest } from '../../base/runtime.ts';
import { parseDigest } from '../../formats/oci/digest.ts';
import { parseReference, parseRepository } from '../../formats/oci/reference.ts';
import { openRegistryClient } from './open-registry-client.ts';

const repository = parseRepository('registry.example.com/org/app');
const content = Buffer.from('the blob');
const blob = {
  digest: parseDigest(`sha256:${createHash('sha256').update(content).digest('hex')}`),
  size: content.length,
};
const index = { 'content-type': 'application/vnd.oci.image.index.v1+json' };
const manifest = '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}';

/** Lets in only with the Basic credentials of `someone`. */
function locked(script: Script): Script {
  return (request, response) =>
    request.headers.authorization === undefined
      ? reply(response, 401, { 'www-authenticate': 'Basic realm="x"' })
      : script(request, response);
}

test("a blob's redirect is followed without credentials", async (t) => {
  const { client, hosts } = await createWorld(t, {
    credentials: someone,
    scripts: {
      'registry.example.com': locked((_request, response) =>
        reply(response, 307, { location: 'https://cdn.test/blob?signature=s' }),
      ),
      'cdn.test': (_request, response) => reply(response, 200, {}, content),
    },
  });
  assert.equal(Buffer.from(await client.fetchBlob(repository, blob, 100)).toString(), 'the blob');
  assert.deepEqual(hosts['cdn.test']?.asked(), ['GET /blob?signature=s']);
  assert.equal(hosts['cdn.test']?.seen[0]?.headers.authorization, undefined);
});

test('a redirect to plain HTTP, to nowhere, or without end is REGISTRY_ANSWER_INVALID', async (t) => {
  for (const location of [
    'http://cdn.test/blob',
    'http://127.0.0.1/blob',
    'https://registry.example.com/v2/again',
    'ftp://cdn.test/x',
  ]) {
    const { client, hosts } = await createWorld(t, {
      scripts: {
        'registry.example.com': (_request, response) => reply(response, 302, { location }),
        'cdn.test': (_request, response) => reply(response, 200, {}, content),
        '127.0.0.1': (_request, response) => reply(response, 200, {}, content),
      },
    });
    await assert.rejects(client.fetchBlob(repository, blob, 100), hasCode('REGISTRY_ANSWER_INVALID'), location);
    assert.equal(hosts['cdn.test']?.seen.length, 0);
    assert.equal(hosts['127.0.0.1']?.seen.length, 0);
    assert.ok((hosts['registry.example.com']?.seen.length ?? 0) <= 6);
  }
});

test('what a redirect delivers is hashed', async (t) => {
  const { client } = await createWorld(t, {
    scripts: {
      'registry.example.com': (_request, response) => reply(response, 307, { location: 'https://cdn.test/blob' }),
      'cdn.test': (_request, response) => reply(response, 200, {}, 'the b1ob'),
    },
  });
  await assert.rejects(client.fetchBlob(repository, blob, 100), hasCode('REGISTRY_ANSWER_INVALID'));
});

test('an upload whose Location is on another host is done without credentials, and over plain HTTP not at all', async (t) => {
  for (const [location, isDone] of [
    ['https://evil.test/upload?a=b', true],
    ['http://evil.test/upload', false],
  ] as const) {
    const { client, hosts } = await createWorld(t, {
      credentials: someone,
      scripts: {
        'registry.example.com': locked((_request, response) => reply(response, 202, { location })),
        'evil.test': (_request, response) => reply(response, 201),
      },
    });
    const run = client.putBlob(repository, content);
    await (isDone ? run : assert.rejects(run, hasCode('REGISTRY_ANSWER_INVALID')));
    assert.equal(hosts['evil.test']?.seen.length, isDone ? 1 : 0);
    assert.equal(hosts['evil.test']?.seen[0]?.headers.authorization, undefined);
  }
});

test("another host's challenge is not answered", async (t) => {
  const { client, hosts } = await createWorld(t, {
    credentials: someone,
    scripts: {
      'registry.example.com': (_request, response) => reply(response, 307, { location: 'https://evil.test/blob' }),
      'evil.test': (_request, response) => reply(response, 401, { 'www-authenticate': 'Basic realm="x"' }),
    },
  });
  await assert.rejects(client.fetchBlob(repository, blob, 100), hasCode('REGISTRY_DENIED'));
  assert.equal(hosts['evil.test']?.seen.length, 1);
});

test('a write is not followed anywhere', async (t) => {
  const { client, hosts } = await createWorld(t, {
    scripts: {
      'registry.example.com': (_request, response) => reply(response, 307, { location: 'https://evil.test/' }),
      'evil.test': (_request, response) => reply(response, 201),
    },
  });
  await assert.rejects(
    client.putManifest(repository, 'v1', Buffer.from(manifest), index['content-type']),
    hasCode('REGISTRY_FAILED'),
  );
  assert.equal(hosts['evil.test']?.seen.length, 0);
});

test("only the registry's own host sees the client certificate and the leave to skip checks", async (t) => {
  const seen: HttpRequest[] = [];
  const inner = createTestRuntime(t).request;
  const server = await startScriptedServer(t, ({ path }, response) =>
    path.startsWith('/v2/')
      ? reply(response, 307, { location: 'https://cdn.test/x' })
      : reply(response, 200, {}, content),
  );
  const runtime = createTestRuntime(t, {
    request: (request) => {
      seen.push(request);
      return inner({ method: request.method, url: new URL(`http://${server.host}${request.url.pathname}`) });
    },
  });
  const tls = {
    caPem: 'ca',
    clientCertificatePem: 'cert',
    clientKeyPem: 'key',
    unsafeSkipVerify: true,
    serverName: 'inner',
  };
  const settings = {
    credentials: { credentialsFor: async () => undefined },
    tls,
    userAgent: 'countersign/1',
    idleTimeoutMs: 1000,
  };
  await openRegistryClient(settings, runtime).fetchBlob(repository, blob, 100);
  assert.deepEqual(
    seen.map((request) => request.tls),
    [tls, { caPem: 'ca' }],
  );
  assert.deepEqual(
    seen.map(({ headers }) => headers?.['user-agent']),
    ['countersign/1', 'countersign/1'],
  );
});

test('loopback is spoken to over plain HTTP, or over TLS where that is what it speaks', async (t) => {
  const files = createTlsFiles(createScratchFolder('exchange'));
  const tls = { cert: readFileSync(files.certFile), key: readFileSync(files.keyFile) };
  const answer: Script = (_request, response) => reply(response, 200, index, manifest);
  const nginx: Script = (_request, response) =>
    reply(response, 400, {}, '<center>The plain HTTP request was sent to HTTPS port</center>');
  const settings = { credentials: { credentialsFor: async () => undefined }, userAgent: 'x', idleTimeoutMs: 1000 };
  const caPem = readFileSync(files.caFile, 'utf8');

  const plain = await startScriptedServer(t, answer);
  await openRegistryClient(settings, createTestRuntime(t)).fetchImage(parseReference(`${plain.host}/a:b`));
  await openRegistryClient({ ...settings, tls: { caPem } }, createTestRuntime(t)).fetchImage(
    parseReference(`${plain.host}/a:b`),
  );

  const secure = await startScriptedServer(t, answer, tls);
  const client = openRegistryClient({ ...settings, tls: { unsafeSkipVerify: true } }, createTestRuntime(t));
  await client.fetchImage(parseReference(`${secure.host}/a:b`));
  await client.fetchImage(parseReference(`${secure.host}/a:b`));
  assert.equal(secure.seen.length, 2);
  // Going on in plain text after an untrusted certificate would be what an attacker wants.
  await assert.rejects(
    openRegistryClient(settings, createTestRuntime(t)).fetchImage(parseReference(`${secure.host}/a:b`)),
    hasCode('TLS_UNTRUSTED'),
  );

  const told = await startScriptedServer(t, nginx);
  await assert.rejects(
    openRegistryClient(settings, createTestRuntime(t)).fetchImage(parseReference(`${told.host}/a:b`)),
    hasCode('HTTP_UNREACHABLE'),
  );
});

test('other hosts are spoken to over TLS only; the error names the flag, and the flag works', async (t) => {
  const protocols: string[] = [];
  const server = await startScriptedServer(t, (_request, response) => reply(response, 200, index, manifest));
  const inner = createTestRuntime(t).request;
  const runtime = createTestRuntime(t, {
    request: (request) => {
      protocols.push(request.url.protocol);
      return inner({ ...request, url: new URL(`${request.url.protocol}//${server.host}${request.url.pathname}`) });
    },
  });
  const settings = { credentials: { credentialsFor: async () => undefined }, userAgent: 'x', idleTimeoutMs: 1000 };
  for (const host of ['registry.example.com', '10.1.2.3:5000', '192.168.0.1', '[fd00::1]:5000']) {
    await assert.rejects(openRegistryClient(settings, runtime).fetchImage(parseReference(`${host}/a:b`)), (error) => {
      assert.ok(error instanceof RemoteError && hasCode('HTTP_UNREACHABLE')(error));
      assert.match(error.hint, /--allow-http-registry/);
      return true;
    });
  }
  assert.ok(protocols.every((protocol) => protocol === 'https:'));
  protocols.length = 0;
  const client = openRegistryClient({ ...settings, unsafePlainHttp: true }, runtime);
  await client.fetchImage(parseReference('10.1.2.3:5000/a:b'));
  await client.fetchImage(parseReference('10.1.2.3:5000/a:b'));
  assert.deepEqual(protocols, ['https:', 'http:', 'http:']);
});

test('the person is told when a registry beyond loopback is spoken to in the open', async (t) => {
  const said: string[] = [];
  const note = (message: string): number => said.push(message);
  const log = { note, warn: note, noteOnce: note, debug: () => undefined };
  const direct = createTestRuntime(t).request;
  const server = await startScriptedServer(t, (_request, response) => reply(response, 200, index, manifest));
  const request = async (asked: HttpRequest): ReturnType<typeof direct> => {
    if (asked.url.protocol === 'https:') throw new RemoteError('HTTP_UNREACHABLE', 'refused');
    return direct({ ...asked, url: new URL(`http://${server.host}${asked.url.pathname}`) });
  };
  const settings = { credentials: { credentialsFor: async () => undefined }, userAgent: 'x', idleTimeoutMs: 1000 };
  const runtime = createTestRuntime(t, { request, log });
  const client = openRegistryClient({ ...settings, unsafePlainHttp: true }, runtime);
  await client.fetchImage(parseReference(`${server.host}/a:b`));
  assert.deepEqual(said, []);
  await client.fetchImage(parseReference('10.1.2.3:5000/a:b'));
  await client.fetchImage(parseReference('10.1.2.3:5000/a:b'));
  assert.equal(said.length, 1);
  assert.match(said[0] ?? '', /10\.1\.2\.3:5000.*plain HTTP/);
});

test('when the time runs out it is REGISTRY_TIMEOUT; any other reason to stop is thrown as it is', async (t) => {
  const scripts: Record<string, Script> = { 'registry.example.com': () => undefined };
  const image = parseReference('registry.example.com/org/app:v1');
  const late = await createWorld(t, { scripts, runtime: { signal: AbortSignal.timeout(30) } });
  await assert.rejects(late.client.fetchImage(image), hasCode('REGISTRY_TIMEOUT'));
  const begun: Script = (_request, response) => {
    response.writeHead(200, index);
    response.write(manifest.slice(0, 9));
  };
  const halfway = await createWorld(t, {
    scripts: { 'registry.example.com': begun },
    runtime: { signal: AbortSignal.timeout(200) },
  });
  await assert.rejects(halfway.client.fetchImage(image), hasCode('REGISTRY_TIMEOUT'));
  const reason = new Error('interrupted');
  const controller = new AbortController();
  const stopped = await createWorld(t, { scripts, runtime: { signal: controller.signal } });
  setTimeout(() => controller.abort(reason), 30);
  await assert.rejects(stopped.client.fetchImage(image), (error) => error === reason);
  const closed = await createWorld(t, { scripts });
  setTimeout(() => closed.client.close(), 30);
  await assert.rejects(closed.client.fetchImage(image));
});
