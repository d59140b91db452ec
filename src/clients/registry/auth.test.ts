import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { createWorld, someone } from '../../../test/support/registry-world.ts';
import { reply } from '../../../test/support/scripted-server.ts';
import type { Script } from '../../../test/support/scripted-server.ts';
import { RemoteError } from '../../base/errors.ts';
import { parseReference, parseRepository } from '../../formats/oci/reference.ts';
import { requireLogin } from './login.ts';

const image = parseReference('registry.example.com/org/app:v1');
const manifest = JSON.stringify({
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.index.v1+json',
  manifests: [],
});
const index = { 'content-type': 'application/vnd.oci.image.index.v1+json' };
const basic = `Basic ${Buffer.from('someone:hunter2').toString('base64')}`;

/** Lets in who brings a token that the token server gave out. */
function bearerRegistry(realm: string, accepted: (token: string) => boolean = () => true): Script {
  return ({ headers }, response) => {
    const token = /^Bearer (.*)$/.exec(headers.authorization ?? '')?.[1];
    return token !== undefined && accepted(token)
      ? reply(response, 200, index, manifest)
      : reply(response, 401, { 'www-authenticate': `Bearer realm="${realm}",service="reg"` });
  };
}

const tokenServer: Script = (_request, response) => reply(response, 200, {}, '{"token":"t1","expires_in":300}');

test('a registry that asks for nothing is told nothing', async (t) => {
  const { client, hosts } = await createWorld(t, {
    credentials: someone,
    scripts: { 'registry.example.com': (_request, response) => reply(response, 200, index, manifest) },
  });
  await client.fetchImage(image);
  assert.equal(hosts['registry.example.com']?.seen[0]?.headers.authorization, undefined);
});

test('the first request goes without credentials; the challenge is answered at the token server; the token is kept', async (t) => {
  const { client, hosts } = await createWorld(t, {
    credentials: someone,
    scripts: {
      'registry.example.com': bearerRegistry('https://auth.example.com/token?x=1'),
      'auth.example.com': tokenServer,
    },
  });
  await client.fetchImage(image);
  await client.fetchImage(image);
  const registry = hosts['registry.example.com'];
  assert.deepEqual(
    registry?.seen.map(({ headers }) => headers.authorization),
    [undefined, 'Bearer t1', 'Bearer t1'],
  );
  const auth = hosts['auth.example.com'];
  assert.deepEqual(auth?.asked(), ['GET /token?x=1&service=reg&scope=repository%3Aorg%2Fapp%3Apull']);
  assert.equal(auth?.seen[0]?.headers.authorization, basic);
});

test('many requests at once ask for one token', async (t) => {
  const { client, hosts } = await createWorld(t, {
    scripts: {
      'registry.example.com': bearerRegistry('https://auth.example.com/token'),
      'auth.example.com': tokenServer,
    },
  });
  await Promise.all(Array.from({ length: 10 }, () => client.fetchImage(image)));
  assert.equal(hosts['auth.example.com']?.seen.length, 1);
  assert.equal(hosts['auth.example.com']?.seen[0]?.headers.authorization, undefined);
});

test('credentials are not sent to a token server of another domain, nor over plain HTTP', async (t) => {
  for (const realm of ['https://evil.test/token', 'http://auth.example.com/token', 'http://127.0.0.1/token']) {
    const evil: Script = (_request, response) => reply(response, 200, {}, '{"token":"t"}');
    const { client, hosts } = await createWorld(t, {
      credentials: someone,
      scripts: {
        'registry.example.com': bearerRegistry(realm),
        'evil.test': evil,
        'auth.example.com': evil,
        '127.0.0.1': evil,
      },
    });
    await assert.rejects(client.fetchImage(image), hasCode('AUTH_HOST_REFUSED'), realm);
    assert.equal(hosts['evil.test']?.seen.length, 0);
    assert.equal(hosts['auth.example.com']?.seen.length, 0);
    assert.equal(hosts['127.0.0.1']?.seen.length, 0);
  }
});

test('a foreign token server is asked without credentials when there are none, and with them when the user named it', async (t) => {
  const scripts = {
    'registry.example.com': bearerRegistry('https://auth.other.test/token'),
    'auth.other.test': tokenServer,
  };
  const anonymous = await createWorld(t, { scripts });
  await anonymous.client.fetchImage(image);
  assert.equal(anonymous.hosts['auth.other.test']?.seen[0]?.headers.authorization, undefined);
  const named = await createWorld(t, { scripts, credentials: someone, settings: { authHosts: ['auth.other.test'] } });
  await named.client.fetchImage(image);
  assert.equal(named.hosts['auth.other.test']?.seen[0]?.headers.authorization, basic);
});

test('a redirect of the token server is not followed', async (t) => {
  const { client, hosts } = await createWorld(t, {
    credentials: someone,
    scripts: {
      'registry.example.com': bearerRegistry('https://auth.example.com/token'),
      'auth.example.com': (_request, response) => reply(response, 307, { location: 'https://evil.test/token' }),
      'evil.test': tokenServer,
    },
  });
  await assert.rejects(client.fetchImage(image), hasCode('REGISTRY_FAILED'));
  assert.equal(hosts['evil.test']?.seen.length, 0);
});

test('an identity token is traded in by POST, and is in no URL', async (t) => {
  const { client, hosts } = await createWorld(t, {
    credentials: { kind: 'identity-token', token: 'refresh-me', foundIn: 'a test' },
    scripts: {
      'registry.example.com': bearerRegistry('https://registry.example.com/oauth2/token'),
    },
  });
  await assert.rejects(client.fetchImage(image));
  const asked = hosts['registry.example.com']?.seen[1];
  assert.equal(asked?.method, 'POST');
  assert.equal(asked?.path, '/oauth2/token');
  assert.deepEqual(Object.fromEntries(new URLSearchParams(asked?.body.toString())), {
    grant_type: 'refresh_token',
    client_id: 'countersign',
    service: 'reg',
    scope: 'repository:org/app:pull',
    refresh_token: 'refresh-me',
  });
});

test('a registry token is sent to the registry as it is, and to no token server', async (t) => {
  const { client, hosts } = await createWorld(t, {
    credentials: { kind: 'registry-token', token: 'mine', foundIn: '--registry-token' },
    scripts: { 'registry.example.com': bearerRegistry('https://evil.test/token'), 'evil.test': tokenServer },
  });
  await client.fetchImage(image);
  assert.equal(hosts['registry.example.com']?.seen[1]?.headers.authorization, 'Bearer mine');
  assert.equal(hosts['evil.test']?.seen.length, 0);
});

test('a registry token that no header can hold is CONFIG_MALFORMED, told without it', async (t) => {
  for (const token of ['hunter2\n', 'hunter2 x', 'hünter2', '']) {
    const { client } = await createWorld(t, {
      credentials: { kind: 'registry-token', token, foundIn: '--registry-token' },
      scripts: { 'registry.example.com': bearerRegistry('https://registry.example.com/token') },
    });
    await assert.rejects(client.fetchImage(image), (error) => {
      assert.ok(hasCode('CONFIG_MALFORMED')(error));
      assert.ok((error as Error).message.includes('--registry-token'));
      assert.ok(!/nter2/.test((error as Error).message));
      return true;
    });
  }
});

test('Basic is answered once, and a refusal names where the credentials came from but not what they are', async (t) => {
  const scripts: Record<string, Script> = {
    'registry.example.com': ({ headers }, response) =>
      headers.authorization === basic
        ? reply(response, 200, index, manifest)
        : reply(response, 401, { 'www-authenticate': 'Basic realm="x"' }),
  };
  const right = await createWorld(t, { scripts, credentials: someone });
  await right.client.fetchImage(image);
  const wrong = await createWorld(t, {
    scripts,
    credentials: { ...someone, kind: 'password', username: 'u', password: 'swordfish' },
  });
  await assert.rejects(wrong.client.fetchImage(image), (error) => {
    assert.ok(hasCode('REGISTRY_DENIED')(error));
    assert.match((error as Error).message, /with credentials from a test/);
    assert.ok(!JSON.stringify(error).includes('swordfish'));
    return true;
  });
  assert.equal(wrong.hosts['registry.example.com']?.seen.length, 2);
  const none = await createWorld(t, { scripts });
  await assert.rejects(none.client.fetchImage(image), (error) =>
    /countersign login registry\.example\.com/.test((error as Error).message),
  );
  assert.equal(none.hosts['registry.example.com']?.seen.length, 1);
});

test('a token that the registry no longer takes is renewed once, and one that is about to end beforehand', async (t) => {
  let given = 0;
  const scripts: Record<string, Script> = {
    'registry.example.com': bearerRegistry('https://auth.example.com/token', (token) => token === `t${given}`),
    'auth.example.com': (_request, response) =>
      reply(response, 200, {}, `{"access_token":"t${(given += 1)}","expires_in":100}`),
  };
  let now = 0;
  const { client, hosts } = await createWorld(t, { scripts, runtime: { now: () => new Date(now) } });
  await client.fetchImage(image);
  given = 7;
  await client.fetchImage(image);
  assert.equal(given, 8);
  assert.equal(hosts['registry.example.com']?.seen.length, 4);
  now = 95_000;
  await client.fetchImage(image);
  assert.equal(given, 9);
  assert.equal(hosts['registry.example.com']?.seen.length, 5);
});

test('a registry that refuses every token ends in REGISTRY_DENIED, not in a loop', async (t) => {
  const { client, hosts } = await createWorld(t, {
    scripts: {
      'registry.example.com': bearerRegistry('https://auth.example.com/token', () => false),
      'auth.example.com': tokenServer,
    },
  });
  await assert.rejects(client.fetchImage(image), hasCode('REGISTRY_DENIED'));
  assert.equal(hosts['registry.example.com']?.seen.length, 2);
});

test('scopes say what is done: push, delete, and the other repository of a mount', async (t) => {
  const { client, hosts } = await createWorld(t, {
    scripts: {
      'registry.example.com': bearerRegistry('https://auth.example.com/token'),
      'auth.example.com': tokenServer,
    },
  });
  const repository = parseRepository('registry.example.com/org/app');
  const blob = { digest: (await client.fetchImage(image)).digest, size: 1 };
  await client.putManifest(repository, 'v2', Buffer.from(manifest), index['content-type']);
  await client.deleteManifest(repository, blob.digest);
  await client
    .copyBlob(parseRepository('registry.example.com/org/base'), repository, blob, { onBytes: () => undefined })
    .catch(() => undefined);
  const scopes = hosts['auth.example.com']?.seen.map(({ path }) =>
    new URL(path, 'https://x').searchParams.getAll('scope').join(' '),
  );
  assert.deepEqual(scopes, [
    'repository:org/app:pull',
    'repository:org/app:pull,push',
    'repository:org/app:pull,push,delete',
    'repository:org/app:pull,push repository:org/base:pull',
  ]);
});

test("a token server's answer that is no token is REGISTRY_ANSWER_INVALID, and what it said stays out of the error", async (t) => {
  for (const answer of [
    '<html>',
    '{}',
    '{"token":""}',
    '{"token":"hunter2\\r\\nX-Evil: 1"}',
    '{"token":["hunter2"]}',
    'x'.repeat(300_000),
  ]) {
    const { client } = await createWorld(t, {
      scripts: {
        'registry.example.com': bearerRegistry('https://auth.example.com/token'),
        'auth.example.com': (_request, response) => reply(response, 200, {}, answer),
      },
    });
    await assert.rejects(client.fetchImage(image), (error) => {
      assert.ok(error instanceof RemoteError && error.code === 'REGISTRY_ANSWER_INVALID', String(error));
      assert.ok(!JSON.stringify([error.message, String(error.cause)]).includes('hunter2'));
      return true;
    });
  }
});

test('a login is tried on the registry itself', async (t) => {
  const scripts = {
    'registry.example.com': bearerRegistry('https://auth.example.com/token'),
    'auth.example.com': tokenServer,
  };
  const { settings, runtime, hosts } = await createWorld(t, { scripts, credentials: someone });
  assert.equal(await requireLogin(settings, runtime, 'registry.example.com'), true);
  assert.deepEqual(hosts['registry.example.com']?.asked(), ['GET /v2/', 'GET /v2/']);
  assert.deepEqual(hosts['auth.example.com']?.asked(), ['GET /token?service=reg']);
  const open = await createWorld(t, {
    scripts: { 'registry.example.com': (_request, response) => reply(response, 200) },
  });
  assert.equal(await requireLogin(open.settings, open.runtime, 'registry.example.com'), false);
});
