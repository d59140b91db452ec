import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { createScratchFolder } from '../../../test/support/scratch.ts';
import type { CountersignError } from '../../base/errors.ts';
import { dockerConfigPathOf } from './config-path.ts';
import type { Home } from './config-path.ts';
import { openCredentialSource } from './credential-source.ts';
import type { Credentials } from './credentials.ts';
import { removeCredentials, storeCredentials } from './stored-credentials.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** A home with files, and helper programs that are shell scripts. */
function createHome(files: Readonly<Record<string, unknown>>, helpers: Readonly<Record<string, string>> = {}): Home {
  const homeDir = createScratchFolder('home');
  for (const [name, content] of Object.entries(files)) {
    const file = join(homeDir, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  }
  const programs = join(homeDir, 'programs');
  mkdirSync(programs);
  for (const [name, script] of Object.entries(helpers)) {
    writeFileSync(join(programs, `docker-credential-${name}`), `#!/bin/sh\n${script}\n`);
    chmodSync(join(programs, `docker-credential-${name}`), 0o755);
  }
  return { homeDir, environment: { PATH: `${programs}:/bin:/usr/bin`, HOME: homeDir } };
}

const find = (home: Home, registry: string, path = 'org/app'): Promise<Credentials | undefined> =>
  openCredentialSource(home).credentialsFor(registry, path);

test("docker's config.json: each form of entry, and where it was found", async () => {
  const auths = {
    'basic.example': { auth: base64('user:pass:word') },
    'plain.example': { username: 'u', password: 'p' },
    'identity.example': { auth: base64('00000000:'), identitytoken: 'refresh' },
    'token.example': { registrytoken: 'bearer' },
    'empty.example': {},
  };
  const home = createHome({ '.docker/config.json': { auths, somethingElse: [1] } });
  const foundIn = '~/.docker/config.json';
  assert.deepEqual(await find(home, 'basic.example'), {
    kind: 'password',
    username: 'user',
    password: 'pass:word',
    foundIn,
  });
  assert.deepEqual(await find(home, 'plain.example'), { kind: 'password', username: 'u', password: 'p', foundIn });
  assert.deepEqual(await find(home, 'identity.example'), { kind: 'identity-token', token: 'refresh', foundIn });
  assert.deepEqual(await find(home, 'token.example'), { kind: 'registry-token', token: 'bearer', foundIn });
  assert.equal(await find(home, 'empty.example'), undefined);
  assert.equal(await find(home, 'other.example'), undefined);
  assert.equal(await find(createHome({}), 'basic.example'), undefined);
});

test('a configuration without end is CONFIG_MALFORMED, not all of the memory', async () => {
  const home = createHome({});
  const endless = { ...home, environment: { ...home.environment, REGISTRY_AUTH_FILE: '/dev/zero' } };
  await assert.rejects(find(endless, 'basic.example'), hasCode('CONFIG_MALFORMED'));
});

test("a registry is found under the names of old, and never under another registry's", async () => {
  const entry = { auth: base64('u:p') };
  for (const key of ['https://index.docker.io/v1/', 'docker.io', 'index.docker.io']) {
    assert.ok(
      await find(
        createHome({ '.docker/config.json': { auths: { [key]: entry } } }),
        'index.docker.io',
        'library/alpine',
      ),
      key,
    );
  }
  for (const key of ['https://a.example', 'http://a.example/v2/', 'a.example/v1/', 'a.example']) {
    const home = createHome({ '.docker/config.json': { auths: { [key]: entry } } });
    assert.ok(await find(home, 'a.example'), key);
    assert.equal(await find(home, 'a.example:5000'), undefined);
    assert.equal(await find(home, 'example'), undefined);
    assert.equal(await find(home, 'evil-a.example'), undefined);
  }
});

test("podman's longest namespace wins, and a namespace is no prefix of a longer word", async () => {
  const auth = (user: string): object => ({ auth: base64(`${user}:p`) });
  const auths = { 'q.example': auth('host'), 'q.example/org': auth('org'), 'q.example/org/app': auth('app') };
  const home = createHome({ '.config/containers/auth.json': { auths } });
  const userOf = async (path: string): Promise<string | undefined> => {
    const found = await find(home, 'q.example', path);
    return found?.kind === 'password' ? found.username : undefined;
  };
  assert.deepEqual(await Promise.all(['org/app', 'org/app/sub', 'org/apple', 'organ/app'].map(userOf)), [
    'app',
    'app',
    'org',
    'host',
  ]);
});

test("files are asked in order: docker's, REGISTRY_AUTH_FILE, the runtime folder, the configuration folder", async () => {
  const config = (host: string): object => ({
    auths: { [host]: { auth: base64('u:p') }, 'all.example': { auth: base64(`${host}:p`) } },
  });
  const home = createHome({
    'docker/config.json': config('docker.example'),
    'auth-file.json': config('file.example'),
    'run/containers/auth.json': config('run.example'),
    'xdg/containers/auth.json': config('xdg.example'),
  });
  const at = (name: string): string => join(home.homeDir, name);
  const environment = {
    DOCKER_CONFIG: at('docker'),
    REGISTRY_AUTH_FILE: at('auth-file.json'),
    XDG_RUNTIME_DIR: at('run'),
    XDG_CONFIG_HOME: at('xdg'),
  };
  for (const host of ['docker.example', 'file.example', 'run.example', 'xdg.example']) {
    assert.ok(await find({ ...home, environment }, host), host);
  }
  const first = await find({ ...home, environment }, 'all.example');
  assert.equal(first?.kind === 'password' && first.username, 'docker.example');
});

test('a file that cannot be read is CONFIG_MALFORMED, never "no credentials", and its secrets stay in it', async () => {
  const secret = base64('user:hunter2');
  const broken = [
    `{"auths": {"a.example": {"auth": "${secret}"}`,
    `{"auths": {"a.example": {"auth": "${secret}", "auth": "${secret}"}}}`,
    `{"auths": {"a.example": "${secret}"}}`,
    `{"auths": {"a.example": {"auth": "${base64('hunter2')}"}}}`,
    '{"auths": {"a.example": {"auth": "hunter2!"}}}',
    '["hunter2"]',
  ];
  for (const text of broken) {
    await assert.rejects(find(createHome({ '.docker/config.json': text }), 'a.example'), (error) => {
      assert.ok(hasCode('CONFIG_MALFORMED')(error), text);
      const shown = JSON.stringify([
        (error as Error).message,
        (error as CountersignError).details,
        String((error as Error).cause),
      ]);
      assert.ok(!shown.includes('hunter2') && !shown.includes(secret), shown);
      assert.match((error as Error).message, /~\/\.docker\/config\.json/);
      return true;
    });
  }
});

test("helpers: the one of the registry before the store of all, asked on stdin for docker's name of the registry", async () => {
  const answer = (user: string): string =>
    `read server; echo "$1 $server" >> "$HOME/asked"; echo '{"ServerURL":"x","Username":"${user}","Secret":"s"}'`;
  const config = { credHelpers: { 'one.example': 'one' }, credsStore: 'all' };
  const home = createHome({ '.docker/config.json': config }, { one: answer('<token>'), all: answer('someone') });
  const one = await find(home, 'one.example');
  assert.equal(one?.kind === 'identity-token' && one.token, 's');
  assert.match(one?.foundIn ?? '', /docker-credential-one/);
  const source = openCredentialSource(home);
  await source.credentialsFor('index.docker.io', 'library/alpine');
  await source.credentialsFor('index.docker.io', 'library/busybox');
  assert.equal(readFileSync(join(home.homeDir, 'asked'), 'utf8'), 'get one.example\nget https://index.docker.io/v1/\n');
});

test('a helper inherits the environment, but none of our secrets', async () => {
  const helper = 'env > "$HOME/environment"; echo \'{"Username":"u","Secret":"s"}\'';
  const home = createHome({ '.docker/config.json': { credsStore: 'nosy' } }, { nosy: helper });
  const environment = {
    ...home.environment,
    AWS_PROFILE: 'team',
    COSIGN_PASSWORD: 'hunter2',
    COSIGN_REGISTRY_PASSWORD: 'hunter2',
    COSIGN_REGISTRY_TOKEN: 'hunter2',
    COUNTERSIGN_IMPORT_PASSWORD: 'hunter2',
  };
  assert.ok(await find({ ...home, environment }, 'a.example'));
  const inherited = readFileSync(join(home.homeDir, 'environment'), 'utf8');
  assert.match(inherited, /^AWS_PROFILE=team$/m);
  assert.doesNotMatch(inherited, /hunter2/);
});

test('a helper that keeps nothing for a registry leaves the file to answer', async () => {
  const helpers = { empty: 'echo "credentials not found in native keychain"; exit 1' };
  const config = { credsStore: 'empty', auths: { 'a.example': { auth: base64('u:p') } } };
  const home = createHome({ '.docker/config.json': config }, helpers);
  assert.ok(await find(home, 'a.example'));
  assert.equal(await find(home, 'b.example'), undefined);
});

test('any other failure of a helper is an error that names it and repeats nothing that it printed', async () => {
  const helpers = {
    failing: 'echo "hunter2 error"; echo hunter2 >&2; exit 1',
    garbled: 'echo hunter2',
    endless: 'yes hunter2',
    partial: 'echo \'{"Username":"u","Password":"hunter2"}\'',
  };
  for (const name of [...Object.keys(helpers), 'missing', '../evil', 'a b', '$(touch evil)', '']) {
    const home = createHome({ '.docker/config.json': { credHelpers: { 'a.example': name } } }, helpers);
    if (name === '') {
      assert.equal(await find(home, 'a.example'), undefined);
      continue;
    }
    await assert.rejects(find(home, 'a.example'), (error) => {
      assert.ok(hasCode('CREDENTIAL_HELPER_FAILED')(error), name);
      assert.ok(!JSON.stringify([(error as Error).message, String((error as Error).cause)]).includes('hunter2'));
      return true;
    });
  }
});

test('credentials from the command line are for their registry alone', async () => {
  const home = createHome({ '.docker/config.json': { auths: { 'b.example': { auth: base64('u:p') } } } });
  const credentials: Credentials = { kind: 'registry-token', token: 't', foundIn: '--registry-token' };
  const source = openCredentialSource({ ...home, given: { registry: 'a.example', credentials } });
  assert.equal(await source.credentialsFor('a.example', 'x'), credentials);
  assert.equal((await source.credentialsFor('b.example', 'x'))?.kind, 'password');
  assert.equal(await source.credentialsFor('c.example', 'x'), undefined);
});

test("login writes an entry that is found again, for the owner's eyes only, and keeps what it does not know", async () => {
  const home = createHome({
    'settings/config.json': {
      experimental: 'enabled',
      auths: { 'https://a.example/v1/': { auth: base64('old:old') }, 'b.example': { auth: base64('b:b') } },
    },
  });
  const file = dockerConfigPathOf(home);
  mkdirSync(dirname(file));
  symlinkSync(join(home.homeDir, 'settings/config.json'), file);
  assert.equal(
    await storeCredentials(home, 'a.example', { username: 'me', password: 'pa:ss' }),
    '~/.docker/config.json',
  );
  const found = await find(home, 'a.example');
  assert.deepEqual(found, { kind: 'password', username: 'me', password: 'pa:ss', foundIn: '~/.docker/config.json' });
  const written = JSON.parse(readFileSync(join(home.homeDir, 'settings/config.json'), 'utf8')) as Record<
    string,
    Record<string, unknown>
  >;
  assert.equal(written['experimental'], 'enabled');
  assert.deepEqual(Object.keys(written['auths'] ?? {}).sort(), ['a.example', 'b.example']);
  assert.equal(statSync(file).mode & 0o777, 0o600);

  assert.equal(await removeCredentials(home, 'a.example'), true);
  assert.equal(await find(home, 'a.example'), undefined);
  assert.ok(await find(home, 'b.example'));
  assert.equal(await removeCredentials(home, 'a.example'), false);
});

test("login makes the file where there is none, under docker's name for Docker Hub", async () => {
  const home = createHome({});
  assert.equal(await removeCredentials(home, 'a.example'), false);
  await storeCredentials(home, 'index.docker.io', { username: 'me', password: 'secret' });
  assert.match(readFileSync(dockerConfigPathOf(home), 'utf8'), /"https:\/\/index\.docker\.io\/v1\/"/);
  assert.ok(await find(home, 'index.docker.io', 'library/alpine'));
});

test('login and logout go through the helper where one is set up, the secret on stdin only', async () => {
  const script = 'echo "$*" >> "$HOME/verbs"; cat > "$HOME/input-$1"';
  const home = createHome({ '.docker/config.json': { credsStore: 'keep' } }, { keep: script });
  assert.equal(
    await storeCredentials(home, 'a.example', { username: 'me', password: 'secret' }),
    'the credential helper docker-credential-keep',
  );
  assert.deepEqual(JSON.parse(readFileSync(join(home.homeDir, 'input-store'), 'utf8')), {
    ServerURL: 'a.example',
    Username: 'me',
    Secret: 'secret',
  });
  assert.equal(await removeCredentials(home, 'a.example'), true);
  assert.equal(readFileSync(join(home.homeDir, 'input-erase'), 'utf8'), 'a.example');
  assert.equal(readFileSync(join(home.homeDir, 'verbs'), 'utf8'), 'store\nerase\n');
  assert.ok(!readFileSync(dockerConfigPathOf(home), 'utf8').includes('secret'));
});

test('a file that cannot be read is not overwritten by login', async () => {
  const home = createHome({ '.docker/config.json': '{broken' });
  await assert.rejects(
    storeCredentials(home, 'a.example', { username: 'u', password: 'p' }),
    hasCode('CONFIG_MALFORMED'),
  );
  assert.equal(readFileSync(dockerConfigPathOf(home), 'utf8'), '{broken');
});
