/** The end that comes from outside: Ctrl-C, signals, deadlines. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { countersignEnvironment, mainFile, runCountersign } from '../support/countersign.ts';
import { createScratchFolder } from '../support/scratch.ts';
import { errorCodeOf } from './scene.ts';

/** Takes requests and never answers them. */
let silent: Server;
let host = '';
const folder = createScratchFolder('interruption');

before(async () => {
  silent = createServer(() => {});
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  host = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const made = await runCountersign(['generate-key-pair'], { cwd: folder, env: { COSIGN_PASSWORD: '' } });
  assert.equal(made.status, 0, made.stderr);
});
after(() => {
  silent.closeAllConnections();
  silent.close();
});

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[]): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const child = spawn(process.execPath, [mainFile, ...args], {
    cwd: folder,
    env: { ...countersignEnvironment(), COSIGN_PASSWORD: '' },
    timeout: 30_000,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'close').then(([status]) => ({ status: status as number | null, stdout, stderr }));
  return { child, ended };
}

/** Waits for an event, but not for ever: a run that ended first will not bring it. */
async function beforeItsEnd<T>(ended: Promise<Ended>, event: Promise<T>): Promise<T> {
  const tooSoon = ended.then(({ status, stderr }): never => assert.fail(`ended with ${status} too soon: ${stderr}`));
  return Promise.race([event, tooSoon]);
}

describe('interruption', { timeout: 120_000 }, () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`${signal} while a registry is asked ends with 130, at once and without noise`, async () => {
      const { child, ended } = start(['verify', '--key', 'cosign.pub', '--json', `${host}/x/y`]);
      await beforeItsEnd(ended, once(silent, 'request'));
      child.kill(signal);
      const { status, stdout, stderr } = await ended;
      assert.equal(status, 130);
      assert.equal(stderr, '');
      assert.equal((JSON.parse(stdout) as { error: { code: string } }).error.code, 'INTERRUPTED');
    });
  }

  test('sign can be interrupted too', async () => {
    const { child, ended } = start(['sign', '--key', 'cosign.key', `${host}/x/y`]);
    await beforeItsEnd(ended, once(silent, 'request'));
    child.kill('SIGINT');
    assert.equal((await ended).status, 130);
  });

  test('what was being written is there whole or not at all', async () => {
    const { child, ended } = start(['sign-blob', '--key', 'cosign.key', '--bundle', 'half.bundle', '-']);
    child.stdin?.write('the first part of a file');
    await beforeItsEnd(ended, once(child.stderr ?? child, 'data'));
    child.kill('SIGINT');
    assert.equal((await ended).status, 130);
    assert.deepEqual(readdirSync(folder).toSorted(), ['cosign.key', 'cosign.pub']);
  });

  test('a command that takes longer than --timeout could not look', async () => {
    const started = performance.now();
    const run = await runCountersign(['verify', '--key', 'cosign.pub', '--timeout=300ms', `${host}/x/y`], {
      cwd: folder,
    });
    assert.equal(run.status, 20, run.stderr);
    assert.ok(performance.now() - started < 5000);
    assert.equal(
      errorCodeOf(await runCountersign(['tree', '--json', '--timeout=300ms', `${host}/x/y`])),
      'REGISTRY_TIMEOUT',
    );
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`registry serve says where it is, and ${signal} stops it well`, async () => {
      const { child, ended } = start([
        'registry',
        'serve',
        '--json',
        '--data',
        `served-${signal}`,
        '--listen',
        '127.0.0.1:0',
      ]);
      const [text] = (await beforeItsEnd(ended, once(child.stdout ?? child, 'data'))) as [string];
      const { url, pid } = JSON.parse(text) as { url: string; pid: number };
      assert.equal(pid, child.pid);
      assert.equal((await fetch(`${url}/v2/`)).status, 200);
      const second = await runCountersign(
        ['registry', 'serve', '--json', '--data', `served-${signal}`, '--listen', '127.0.0.1:0'],
        { cwd: folder },
      );
      assert.equal(errorCodeOf(second), 'DATA_DIR_LOCKED');
      child.kill(signal);
      assert.equal((await ended).status, 0);
    });
  }

  test('interrupted a second time, a server that waits for its clients ends at once', async () => {
    const { child, ended } = start(['registry', 'serve', '--json', '--data', 'twice', '--listen', '127.0.0.1:0']);
    const [text] = (await beforeItsEnd(ended, once(child.stdout ?? child, 'data'))) as [string];
    const { host: served } = JSON.parse(text) as { host: string };
    const begun = await fetch(`http://${served}/v2/x/y/blobs/uploads/`, { method: 'POST' });
    const upload = request(new URL(begun.headers.get('location') ?? '', `http://${served}`), { method: 'PATCH' });
    upload.on('error', () => {});
    upload.write('a part of a blob');
    await delay(200);
    child.kill('SIGINT');
    await delay(200);
    assert.equal(child.exitCode, null);
    child.kill('SIGINT');
    assert.equal((await ended).status, 130);
  });
});
