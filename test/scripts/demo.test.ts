/** The demo: what a newcomer sees first. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { countersignEnvironment, mainFile, runCountersign } from '../support/countersign.ts';
import { createScratchFolder } from '../support/scratch.ts';
import { jsonOf } from './scene.ts';

const DIGEST = 'sha256:[0-9a-f]{64}';

describe('demo', { timeout: 120_000 }, () => {
  test('it shows tag, digests and signers, how to restore, who signed without keys and what the log says; and leaves nothing', async () => {
    const temporary = createScratchFolder('demo');
    const started = performance.now();
    const { status, stdout, stderr } = await runCountersign(['demo'], { env: { TMPDIR: temporary } });
    assert.equal(status, 0, stderr);
    assert.ok(performance.now() - started < 15_000);
    const facts = new RegExp(
      `Tag: +(?<tag>localhost:\\d+/demo/app:v1)\\n +It named: +(?<old>${DIGEST})\\n +signed by: +key ${DIGEST}\\n +It names now: +(?<fresh>${DIGEST})\\n +signed by: +nobody\\n +To restore it: +(?<restore>.*)\\n`,
    ).exec(stdout)?.groups;
    assert.ok(facts, stdout);
    const { tag = '', old = '', fresh = '', restore = '' } = facts;
    assert.notEqual(old, fresh);
    assert.equal(restore, `./countersign copy --force ${tag.replace(':v1', '')}@${old} ${tag}`);
    assert.match(stdout, /verified, exit status 0: signed by/);
    assert.match(stdout, /absent, exit status 10: no signatures found/);
    assert.match(
      stdout,
      new RegExp(`\\n +verified, exit status 0: signed by dev@example\\.com \\(http://${tag.split('/')[0]}/oidc\\)\\n`),
    );
    const [, time = ''] = /\n +entry 1 of http:\/\/localhost:\d+ at (\S+) \(hashedrekord\)\n/.exec(stdout) ?? [];
    assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000, time);
    assert.match(stdout, /rejected, exit status 12: .*expected subject "eve@example\.com".*seen "dev@example\.com"/);
    assert.deepEqual(readdirSync(temporary), []);
  });

  test('with --keep the stack stays, and the commands that it shows really do what it says', async () => {
    const temporary = createScratchFolder('demo');
    const child = spawn(process.execPath, [mainFile, 'demo', '--keep', '--json'], {
      env: { ...countersignEnvironment(), TMPDIR: temporary },
      timeout: 30_000,
      killSignal: 'SIGKILL',
    });
    const ended = once(child, 'close');
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    await Promise.race([once(child.stderr.setEncoding('utf8'), 'data'), ended]);
    const { tag, oldDigest, newDigest, oldSigners, newSigners, restore, keyless } = JSON.parse(stdout) as {
      readonly tag: string;
      readonly oldDigest: string;
      readonly newDigest: string;
      readonly oldSigners: readonly string[];
      readonly newSigners: readonly string[];
      readonly restore: readonly string[];
      readonly keyless: { readonly image: string; readonly signers: readonly string[] };
    };
    assert.equal(oldSigners.length, 1);
    assert.deepEqual(newSigners, []);
    const [folder = ''] = readdirSync(temporary);
    const verify = ['verify', '--json', '--key', `${temporary}/${folder}/cosign.pub`, tag];
    const caught = await runCountersign(verify);
    assert.equal(caught.status, 10);
    assert.ok(caught.stdout.includes(newDigest));
    const restored = await runCountersign(restore);
    assert.equal(restored.status, 0, restored.stderr);
    const verified = await runCountersign(verify);
    assert.equal(verified.status, 0, verified.stderr);
    assert.match(JSON.stringify(jsonOf(verified)), new RegExp(oldDigest));
    // The second act: who signed without keys, and that somebody else can sign with the stack that is still there.
    const issuer = `http://${tag.split('/')[0]}/oidc`;
    assert.deepEqual(keyless.signers, [`dev@example.com (${issuer})`]);
    const root = ['--trusted-root', `${temporary}/${folder}/clients/trusted_root.json`];
    const ask = async (email: string): Promise<number> => {
      const who = ['--certificate-identity', email, '--certificate-oidc-issuer', issuer];
      return (await runCountersign(['verify', ...root, ...who, keyless.image])).status;
    };
    assert.deepEqual([await ask('dev@example.com'), await ask('eve@example.com')], [0, 12]);
    const data = ['--data', `${temporary}/${folder}/stack`];
    const token = await runCountersign(['stack', 'token', ...data, '--identity', 'eve@example.com']);
    const config = ['--signing-config', `${temporary}/${folder}/clients/signing_config.json`];
    const signed = await runCountersign(['sign', ...config, ...root, keyless.image], {
      env: { SIGSTORE_ID_TOKEN: token.stdout.trim() },
    });
    assert.equal(signed.status, 0, signed.stderr);
    assert.equal(await ask('eve@example.com'), 0);
    child.kill('SIGINT');
    assert.deepEqual(await ended, [0, null]);
    assert.deepEqual(readdirSync(temporary), []);
  });
});
