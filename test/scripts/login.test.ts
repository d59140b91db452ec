/** login and logout, against a registry that asks who we are. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { runCountersign } from '../support/countersign.ts';
import { createScratchFolder } from '../support/scratch.ts';
import { errorCodeOf, jsonOf } from './scene.ts';

const secret = '-pass word';
let server: Server;
let host = '';

before(async () => {
  const right = `Basic ${Buffer.from(`me:${secret}`).toString('base64')}`;
  server = createServer((request, response) => {
    const isKnown = request.headers.authorization === right;
    response.writeHead(isKnown ? 200 : 401, isKnown ? {} : { 'www-authenticate': 'Basic realm="test"' }).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

describe('login', { concurrency: 3 }, () => {
  test('stores what the registry accepted, for nobody else to read, and logout removes it', async () => {
    const folder = createScratchFolder('login');
    const env = { DOCKER_CONFIG: folder };
    const file = join(folder, 'config.json');
    const run = await runCountersign(['login', '-u', 'me', '--password-stdin', '--json', host], {
      env,
      stdin: `${secret}\n`,
    });
    assert.equal(run.status, 0, run.stderr);
    assert.deepEqual(jsonOf(run)['isTried'], true);
    assert.match(run.stderr, /^logged in via .*config\.json$/m);
    const { auths } = JSON.parse(readFileSync(file, 'utf8')) as { auths: Record<string, { auth: string }> };
    assert.equal(Buffer.from(auths[host]?.auth ?? '', 'base64').toString(), `me:${secret}`);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const out = await runCountersign(['logout', '--json', host], { env });
    assert.equal(jsonOf(out)['isRemoved'], true);
    assert.doesNotMatch(readFileSync(file, 'utf8'), /auth"/);
    assert.equal(jsonOf(await runCountersign(['logout', '--json', host], { env }))['isRemoved'], false);
  });

  test('a password on the command line may start with -, and is warned about', async () => {
    const env = { DOCKER_CONFIG: createScratchFolder('login') };
    const run = await runCountersign(['login', '--username', 'me', '-p', secret, host], { env });
    assert.equal(run.status, 0, run.stderr);
    assert.match(run.stderr, /WARNING: .*visible/);
    assert.doesNotMatch(run.stdout + run.stderr, /pass word/);
  });

  test('a refused password is not stored', async () => {
    const folder = createScratchFolder('login');
    const run = await runCountersign(['login', '-u', 'me', '--password-stdin', '--json', host], {
      env: { DOCKER_CONFIG: folder },
      stdin: 'wrong',
    });
    assert.equal(errorCodeOf(run), 'REGISTRY_DENIED');
    assert.equal(run.status, 20);
    assert.equal(existsSync(join(folder, 'config.json')), false);
    assert.doesNotMatch(run.stdout + run.stderr, /wrong/);
  });

  test('a registry that cannot be reached is stored with a warning', async () => {
    const env = { DOCKER_CONFIG: createScratchFolder('login') };
    const run = await runCountersign(['login', '-u', 'me', '--password-stdin', '--json', '127.0.0.1:1'], {
      env,
      stdin: 'x',
    });
    assert.equal(run.status, 0, run.stderr);
    assert.equal(jsonOf(run)['isTried'], false);
    assert.match(run.stderr, /WARNING: .*cannot be reached/);
  });
});
