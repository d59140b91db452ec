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
  test('it shows tag, old digest and signer, new digest and that nobody signed it, and how to restore; and leaves nothing', async () => {
    const temporary = createScratchFolder('demo');
    const started = performance.now();
    const { status, stdout, stderr } = await runCountersign(['demo'], { env: { TMPDIR: temporary } });
    assert.equal(status, 0, stderr);
    assert.ok(performance.now() - started < 15_000);
    const facts = new RegExp(
      `Tag: +(?<tag>127\\.0\\.0\\.1:\\d+/demo/app:v1)\\n +It named: +(?<old>${DIGEST})\\n +signed by: +key ${DIGEST}\\n +It names now: +(?<fresh>${DIGEST})\\n +signed by: +nobody\\n +To restore it: +(?<restore>.*)\\n`,
    ).exec(stdout)?.groups;
    assert.ok(facts, stdout);
    const { tag = '', old = '', fresh = '', restore = '' } = facts;
    assert.notEqual(old, fresh);
    assert.equal(restore, `./countersign copy --force ${tag.replace(':v1', '')}@${old} ${tag}`);
    assert.match(stdout, /verified, exit status 0: signed by/);
    assert.match(stdout, /absent, exit status 10: no signatures found/);
    assert.deepEqual(readdirSync(temporary), []);
  });

  test('with --keep the registry stays, and the command that restores the tag really does', async () => {
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
    const { tag, oldDigest, newDigest, oldSigners, newSigners, restore } = JSON.parse(stdout) as {
      readonly tag: string;
      readonly oldDigest: string;
      readonly newDigest: string;
      readonly oldSigners: readonly string[];
      readonly newSigners: readonly string[];
      readonly restore: readonly string[];
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
    child.kill('SIGINT');
    assert.deepEqual(await ended, [0, null]);
    assert.deepEqual(readdirSync(temporary), []);
  });
});
