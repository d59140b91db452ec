/** The environment: what it may set, what it may not, and what env shows of it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runCountersign } from '../support/countersign.ts';
import { errorCodeOf, jsonOf } from './scene.ts';

const digest = `sha256:${'0'.repeat(64)}`;
const image = `registry.example.com/team/app@${digest}`;

describe('environment', { concurrency: 4 }, () => {
  test('a variable sets a flag, and the command line wins over it', async () => {
    const env = { COSIGN_TYPE: 'digest' };
    assert.equal((await runCountersign(['triangulate', image], { env })).stdout, `${image}\n`);
    assert.match((await runCountersign(['triangulate', '--type=sbom', image], { env })).stdout, /\.sbom\n$/);
  });

  test('COSIGN_THRESHOLD does not answer how many of several keys must have signed', async () => {
    const args = ['verify', '--key', 'a', '--key', 'b', '--json', image];
    const run = await runCountersign(args, { env: { COSIGN_THRESHOLD: '1' } });
    assert.equal(errorCodeOf(run), 'FLAGS_CONFLICT');
  });

  for (const [command, variable, value] of [
    ['verify', 'COSIGN_CHECK_CLAIMS', 'false'],
    ['verify', 'COSIGN_INSECURE_IGNORE_TLOG', 'true'],
    ['verify', 'COSIGN_PRIVATE_INFRASTRUCTURE', '1'],
    ['verify', 'COSIGN_INSECURE_IGNORE_SCT', 'true'],
    ['verify', 'COSIGN_ALLOW_INSECURE_REGISTRY', 'true'],
    ['verify', 'COSIGN_ALLOW_HTTP_REGISTRY', 'true'],
    ['verify', 'COSIGN_REGISTRY_AUTH_HOST', 'elsewhere.example.com'],
    ['verify', 'COSIGN_REGISTRY_SERVER_NAME', 'elsewhere.example.com'],
    ['verify', 'COSIGN_SIGNATURE', 'old.sig'],
    ['verify', 'COSIGN_PAYLOAD', 'old.json'],
    ['sign', 'COSIGN_UPLOAD', 'false'],
    ['sign', 'COSIGN_SINGLE_SIGNER', 'true'],
  ] as const) {
    test(`${variable}=${value} weakens what ${command} assures and is refused by name`, async () => {
      const run = await runCountersign([command, '--key', 'k', '--json', image], { env: { [variable]: value } });
      assert.equal(run.status, 1);
      assert.equal(errorCodeOf(run), 'ENVIRONMENT_WEAKENS');
      assert.ok(run.stderr.includes(variable));
    });
  }

  test('commands that cosign does not bind read no flags from the environment', async () => {
    assert.equal((await runCountersign(['version'], { env: { COSIGN_JSON: 'nonsense' } })).status, 0);
    assert.equal(
      (
        await runCountersign(['login', 'registry.example.com', '--json'], {
          env: { COSIGN_USERNAME: 'me', COSIGN_PASSWORD: 'p' },
          stdin: '',
        })
      ).status,
      1,
    );
  });

  test('env names what is read and masks secrets', async () => {
    const env = {
      COSIGN_PASSWORD: 'hush',
      COSIGN_REPOSITORY: 'r.example.com/x',
      COSIGN_REGISTRY_TOKEN: 'hush-too',
      HTTPS_PROXY: 'http://u:hush@proxy.example.com',
    };
    const shown = await runCountersign(['env'], { env });
    assert.match(shown.stdout, /^# COSIGN_REPOSITORY .*\n# Expects: .*\nCOSIGN_REPOSITORY=r\.example\.com\/x$/m);
    assert.match(shown.stdout, /^COSIGN_PASSWORD=\*\*\*\*\*\*$/m);
    assert.match(shown.stdout, /^COSIGN_REGISTRY_TOKEN=\*\*\*\*\*\*$/m);
    assert.doesNotMatch(shown.stdout, /hush/);
    assert.doesNotMatch((await runCountersign(['env', '--json'], { env })).stdout, /hush/);
    const bare = await runCountersign(['env', '--show-descriptions=false', '--show-sensitive-values'], { env });
    assert.match(bare.stdout, /^COSIGN_PASSWORD=hush$/m);
    assert.doesNotMatch(bare.stdout, /#/);
    assert.ok(Array.isArray(jsonOf(await runCountersign(['env', '--json']))['variables']));
  });

  test('a size that is none is an error', async () => {
    const env = { COSIGN_MAX_ATTACHMENT_SIZE: 'lots' };
    assert.equal(
      errorCodeOf(await runCountersign(['tree', '--json', '127.0.0.1:1/x/y'], { env })),
      'ENVIRONMENT_INVALID',
    );
  });
});
