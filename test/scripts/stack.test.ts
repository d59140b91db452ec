/** `countersign up` and `countersign stack …` as people run them. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { after } from 'node:test';

import { runCountersign } from '../support/countersign.ts';
import { createScratchFolder } from '../support/scratch.ts';
import { startStack } from '../support/stack.ts';

const folder = createScratchFolder('stack-scripts');
const stack = await startStack();
after(() => stack.close());

const run = (...args: readonly string[]): ReturnType<typeof runCountersign> => runCountersign(args);

test('the token of a development stack names who was asked for, and whom it is for', async () => {
  const { status, stdout } = await run('stack', 'token', '--data', stack.dataDir, '--identity', 'dev@example.com');
  assert.equal(status, 0);
  const claims = JSON.parse(Buffer.from(stdout.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
  const { iss, aud, email, email_verified: isVerified } = claims;
  assert.deepEqual([iss, aud, email, isVerified], [`${stack.url}/oidc`, 'sigstore', 'dev@example.com', true]);
  const nameless = await run('stack', 'token', '--data', stack.dataDir);
  assert.deepEqual([nameless.status, /FLAGS_CONFLICT/.test(nameless.stderr)], [1, true]);
});

test('a new development stack has an image to try it on', async () => {
  const listed = await run('tree', `${stack.host}/hello:v1`);
  assert.equal(listed.status, 0, listed.stderr);
});

test('status, doctor and verify-log say that all is well, in words and as JSON', async () => {
  const words = await run('stack', 'status', '--data', stack.dataDir);
  assert.deepEqual(
    [words.status, /^stack +localhost \(development\), ready\nurl +http:/.test(words.stdout)],
    [0, true],
    words.stdout,
  );
  const status = JSON.parse((await run('stack', 'status', '--json', '--data', stack.dataDir)).stdout) as Record<
    string,
    unknown
  >;
  assert.deepEqual([status['isRunning'], status['isReady'], status['pid']], [true, true, stack.pid]);
  const doctor = await run('stack', 'doctor', '--data', stack.dataDir);
  assert.equal(doctor.status, 0, doctor.stdout);
  assert.match(doctor.stdout, /^ok +reach +http:\/\/localhost:\d+ answers$/m);
  const logs = await run('stack', 'verify-log', '--data', stack.dataDir);
  assert.deepEqual([logs.status, logs.stdout.match(/entries verified/g)?.length], [0, 2], logs.stderr);
});

test('configurations for clients are written into a folder, or one of them is printed', async () => {
  const output = join(folder, 'clients');
  const written = await run('stack', 'export-config', '--data', stack.dataDir, '--output', output);
  assert.equal(written.status, 0, written.stderr);
  assert.deepEqual(readFileSync(join(output, 'root.json')), readFileSync(stack.rootFile));
  assert.ok(readFileSync(join(output, 'cosign-3.sh'), 'utf8').includes(`--root '${join(output, 'root.json')}'`));
  const printed = await run('stack', 'export-config', '--data', stack.dataDir, 'rekor.pub');
  assert.equal(printed.stdout, readFileSync(join(output, 'rekor.pub'), 'utf8'));
  const other = await run('stack', 'export-config', '--data', stack.dataDir, 'passwd');
  assert.deepEqual([other.status, /ARGUMENTS_INVALID.*/.test(other.stderr)], [1, true]);
});

test('a directory is served by one process, and stays what it was made', async () => {
  const second = await run('up', '--dev', '--data', stack.dataDir);
  assert.deepEqual([second.status, /DATA_DIR_LOCKED/.test(second.stderr)], [1, true], second.stderr);
  const data = join(folder, 'dev');
  const made = await startStack({ dataDir: data, args: ['--listen', '127.0.0.1:0'] });
  assert.equal(await made.close(), 0);
  const other = await runCountersign(['up', '--data', data], { env: { COUNTERSIGN_STACK_PASSWORD: 'test password' } });
  assert.deepEqual([other.status, /STACK_FIXED/.test(other.stderr)], [1, true], other.stderr);
  const open = await run('up', '--dev', '--data', join(folder, 'open'), '--listen', '0.0.0.0:0');
  assert.deepEqual([open.status, /STACK_FIXED/.test(open.stderr)], [1, true], open.stderr);
  const stopped = await run('stack', 'status', '--data', data);
  assert.deepEqual([stopped.status, /, stopped\n/.test(stopped.stdout)], [20, true], stopped.stdout);
  const token = await run('stack', 'token', '--data', data, '--identity', 'dev@example.com');
  assert.deepEqual([token.status, /STACK_NOT_RUNNING/.test(token.stderr)], [20, true], token.stderr);
  const none = await run('stack', 'status', '--data', join(folder, 'none'));
  assert.deepEqual([none.status, /STACK_NOT_FOUND/.test(none.stderr)], [1, true], none.stderr);
});

test('the password of a production stack is asked for, and opens it again', async () => {
  const data = join(folder, 'production');
  const none = await run('up', '--data', data, '--listen', '127.0.0.1:0');
  assert.deepEqual([none.status, none.stderr.includes('PASSWORD_MISSING')], [1, true], none.stderr);
  assert.equal(existsSync(join(data, 'stack.json')), false);
  const file = join(folder, 'password');
  writeFileSync(file, 'correct horse\n');
  const args = ['--listen', '127.0.0.1:0', '--password-file', file];
  const made = await startStack({ dataDir: data, isDevelopment: false, args });
  assert.equal(await made.close(), 0);
  const env = { COUNTERSIGN_STACK_PASSWORD: 'correct horse' };
  const again = await startStack({ dataDir: data, isDevelopment: false, env });
  assert.equal(again.url, made.url);

  const output = join(folder, 'root-keys.json');
  const exported = await run('stack', 'root', 'export', '--data', data, '--output', output, '--password-file', file);
  assert.equal(exported.status, 0, exported.stderr);
  assert.equal(statSync(output).mode & 0o777, 0o600);
  assert.doesNotMatch(readFileSync(join(data, 'keys.json'), 'utf8'), /tuf-root/);
  const taken = await run('stack', 'root', 'export', '--data', data, '--output', output, '--password-file', file);
  assert.deepEqual([taken.status, /ROOT_KEYS_ABSENT/.test(taken.stderr)], [1, true], taken.stderr);
  assert.equal(await again.close(), 0);
  const back = await run('stack', 'root', 'import', '--data', data, '--password-file', file, output);
  assert.equal(back.status, 0, back.stderr);
  assert.match(readFileSync(join(data, 'keys.json'), 'utf8'), /tuf-root/);
  const wrong = await runCountersign(['up', '--data', data], { env: { COUNTERSIGN_STACK_PASSWORD: 'wrong' } });
  assert.deepEqual([wrong.status, /KEY_PASSWORD_WRONG/.test(wrong.stderr)], [1, true], wrong.stderr);
});

test('a development stack to which no password is given makes one, and keeps it closed', async () => {
  const data = join(folder, 'unasked');
  const env = { COUNTERSIGN_STACK_PASSWORD: undefined };
  const made = await startStack({ dataDir: data, args: ['--listen', '127.0.0.1:0'], env });
  assert.equal(await made.close(), 0);
  assert.equal(statSync(join(data, 'dev-password')).mode & 0o777, 0o600);
  const again = await startStack({ dataDir: data, env });
  assert.equal(await again.close(), 0);
  const empty = await runCountersign(['up', '--dev', '--data', join(folder, 'empty')], {
    env: { COUNTERSIGN_STACK_PASSWORD: '' },
  });
  assert.deepEqual([empty.status, empty.stderr.includes('PASSWORD_MISSING')], [1, true], empty.stderr);
});

test('HTTPS with a certificate of its own, and logs for machines', async () => {
  const data = join(folder, 'tls');
  const args = ['--listen', '127.0.0.1:0', '--tls-self-made', '--log-format', 'json', '--verbose'];
  const made = await startStack({ dataDir: data, args });
  assert.match(made.url, /^https:\/\/localhost:/);
  const trusted = { SSL_CERT_FILE: join(data, 'tls.pem') };
  const doctor = await runCountersign(['stack', 'doctor', '--data', data], { env: trusted });
  assert.match(doctor.stdout, /^ok +reach/m, doctor.stdout);
  assert.equal(await made.close(), 0);
  const requests = made
    .log()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ message }) => message === 'request');
  assert.deepEqual(
    requests.map(({ service, endpoint, status }) => [service, endpoint, status]),
    [['health', '/healthz', 200]],
  );
});
