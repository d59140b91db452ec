import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { registryRequest } from '../../../test/support/registry-request.ts';
import { createScratchFolder } from '../../../test/support/scratch.ts';
import { utf8Of } from '../../base/bytes.ts';
import { openRuntime } from '../../clients/runtime.ts';
import { askStack } from './control-socket.ts';
import { requireSettings, writeSettings } from './data-directory.ts';
import { examineStack } from './doctor.ts';
import { exportRootKeys, importRootKeys } from './root-keys.ts';
import { openStackLog } from './stack-log.ts';
import type { StackOptions } from './stack-options.ts';
import { stoppedStatusOf } from './stack-status.ts';
import { startStack } from './start-stack.ts';
import type { RunningStack } from './start-stack.ts';
import { verifyStackLog } from './verify-logs.ts';

const password = utf8Of('password');
const address = { host: '127.0.0.1', port: 0 };

interface Given extends Partial<StackOptions> {
  readonly dataDir: string;
}

async function start(t: TestContext, given: Given): Promise<RunningStack & { readonly lines: readonly string[] }> {
  const { runtime, close } = openRuntime({ environment: {} });
  const lines: string[] = [];
  const log = await openStackLog({
    format: 'text',
    isVerbose: true,
    now: () => new Date(),
    write: (line) => lines.push(line),
  });
  t.after(close);
  const stack = await startStack({
    wanted: { mode: 'development', listen: address },
    password: () => Promise.resolve(password),
    witnesses: [],
    runtime,
    log,
    onFatal: (error) => assert.fail(String(error)),
    ...given,
  });
  let isOpen = true;
  const stop = async (): Promise<void> => {
    if (isOpen) await stack.close();
    isOpen = false;
  };
  t.after(stop);
  return { ...stack, lines, close: stop };
}

async function get({ host }: RunningStack, path: string): Promise<readonly [number, string]> {
  const { status, body } = await registryRequest({ host, scheme: 'http' }, 'GET', path);
  return [status, body.toString()];
}

const folder = (): string => join(createScratchFolder('stack'), 'data');

test('a development stack serves all its parts on one port, is ready, and resumes as it was', async (t) => {
  const dataDir = folder();
  const first = await start(t, { dataDir });
  for (const path of [
    '/',
    '/healthz',
    '/readyz',
    '/metrics',
    '/api/v2/trustBundle',
    '/api/v1/log',
    '/api/v1/log/checkpoint',
  ]) {
    assert.equal((await get(first, path))[0], 200, path);
  }
  for (const path of [
    '/ctlog/ct/v1/get-sth',
    '/api/v1/timestamp/certchain',
    '/tuf/root.json',
    '/v2/',
    '/oidc/.well-known/openid-configuration',
  ]) {
    assert.equal((await get(first, path))[0], 200, path);
  }
  assert.deepEqual(await get(first, '/nothing'), [404, '{"code":404,"message":"nothing is served here"}']);
  const trust = await get(first, '/tuf/root.json');
  const chain = await get(first, '/api/v1/rootCert');
  await first.close();

  const second = await start(t, { dataDir, wanted: { mode: 'development' } });
  assert.equal(second.settings.url, first.settings.url);
  assert.deepEqual(await get(second, '/tuf/root.json'), trust);
  assert.deepEqual(await get(second, '/api/v1/rootCert'), chain);
});

test('what was decided when it was made stays so', async (t) => {
  const dataDir = folder();
  const stack = await start(t, { dataDir });
  await assert.rejects(start(t, { dataDir }), hasCode('DATA_DIR_LOCKED'));
  await stack.close();
  for (const wanted of [
    { mode: 'production' },
    { mode: 'development', url: 'https://other.example' },
    { mode: 'development', name: 'other' },
    { mode: 'development', listen: { host: '0.0.0.0', port: 0 } },
  ] as const) {
    await assert.rejects(start(t, { dataDir, wanted }), hasCode('STACK_FIXED'), JSON.stringify(wanted));
  }
  const wrong = (): Promise<Uint8Array> => Promise.resolve(utf8Of('wrong'));
  await assert.rejects(start(t, { dataDir, password: wrong }), hasCode('KEY_PASSWORD_WRONG'));
});

test('a URL that clients cannot use safely makes no stack', async (t) => {
  for (const url of ['ftp://a', 'https://a/path', 'https://user@a', 'http://sigstore.example.com', 'nonsense']) {
    const wanted = { mode: 'production', listen: address, url } as const;
    await assert.rejects(start(t, { dataDir: folder(), wanted }), hasCode('STACK_URL_INVALID'), url);
  }
});

test('a witness that cannot be asked is refused at the start', async (t) => {
  const [key] = ['witness.example+00000000+BAAA'];
  for (const witness of [key, 'https://witness.example', `${key}=witness.example`]) {
    await assert.rejects(start(t, { dataDir: folder(), witnesses: [witness ?? ''] }), hasCode('WITNESS_INVALID'));
  }
  const unknown = start(t, { dataDir: folder(), witnesses: [`${key}=https://witness.example`] });
  await assert.rejects(unknown, hasCode('WITNESS_KEY_INVALID'));
});

test('a production stack proves no identities, and says what is missing', async (t) => {
  const dataDir = folder();
  const stack = await start(t, { dataDir, wanted: { mode: 'production', listen: address } });
  assert.equal((await get(stack, '/oidc/.well-known/openid-configuration'))[0], 404);
  assert.equal((await get(stack, '/v2/'))[0], 404);
  await assert.rejects(
    askStack(dataDir, 'token', { email: 'a@b.example', audience: 'sigstore' }),
    hasCode('CONTROL_REFUSED'),
  );
  assert.match(stack.lines.join(''), /nobody gets a certificate/);
  assert.match(stack.lines.join(''), /take them out with "countersign stack root export"/);
});

test('keys leave the data directory while the stack runs, come back, and the warning with them', async (t) => {
  const dataDir = folder();
  const stack = await start(t, { dataDir, wanted: { mode: 'production', listen: address } });
  const file = join(createScratchFolder('export'), 'root-keys.json');
  const names = await exportRootKeys(dataDir, file, password);
  assert.deepEqual(names.toSorted(), ['ca-root', 'tsa-root', 'tuf-root', 'tuf-targets']);
  const status = (await askStack(dataDir, 'status', null)) as {
    readonly warnings: readonly string[];
    readonly isRunning: boolean;
  };
  assert.deepEqual([status.isRunning, status.warnings], [true, []]);
  await assert.rejects(exportRootKeys(dataDir, `${file}2`, password), hasCode('ROOT_KEYS_ABSENT'));
  await stack.close();
  assert.deepEqual((await stoppedStatusOf(dataDir)).warnings, []);

  const again = await start(t, { dataDir, wanted: { mode: 'production' } });
  await again.close();
  const { readFileSync } = await import('node:fs');
  await importRootKeys(dataDir, readFileSync(file), password);
  assert.match((await stoppedStatusOf(dataDir)).warnings?.join() ?? '', /tuf-root/);
});

test('with its root keys elsewhere a stack still keeps its repository fresh', async (t) => {
  const dataDir = folder();
  const made = await start(t, { dataDir, wanted: { mode: 'production', listen: address } });
  await exportRootKeys(dataDir, join(createScratchFolder('export'), 'root-keys.json'), password);
  const timestampOf = async (stack: RunningStack): Promise<{ readonly version: number; readonly expires: string }> =>
    (JSON.parse((await get(stack, '/tuf/timestamp.json'))[1]) as { readonly signed: never }).signed;
  const before = await timestampOf(made);
  await made.close();
  const { runtime, close } = openRuntime({ environment: {} });
  t.after(close);
  const now = (): Date => new Date(Date.now() + 3 * 86_400_000);
  const later = await start(t, { dataDir, wanted: { mode: 'production' }, runtime: { ...runtime, now } });
  const after = await timestampOf(later);
  assert.equal(after.version, before.version + 1);
  assert.equal(Date.parse(after.expires) > Date.parse(before.expires) + 2 * 86_400_000, true);
  assert.equal((await get(later, '/readyz'))[0], 200);
});

test('what a finished stack has lost is never made anew; what was being made is', async (t) => {
  const dataDir = folder();
  const stack = await start(t, { dataDir });
  await stack.close();
  const copy = `${dataDir}-copy`;
  cpSync(dataDir, copy, { recursive: true });
  rmSync(join(dataDir, 'objects'), { recursive: true });
  await assert.rejects(start(t, { dataDir }), hasCode('STACK_DATA_INVALID'));

  await writeSettings(copy, { ...(await requireSettings(copy)), isMade: false });
  rmSync(join(copy, 'objects', 'rekor'), { recursive: true });
  const remade = await start(t, { dataDir: copy, wanted: { mode: 'development' } });
  assert.equal((await get(remade, '/readyz'))[0], 200);
});

test('logs are verified beside the stack, and the doctor finds what is wrong', async (t) => {
  const dataDir = folder();
  const stack = await start(t, { dataDir });
  assert.equal((await verifyStackLog(dataDir, 'rekor', () => undefined)).size, 1n);
  assert.equal((await verifyStackLog(dataDir, 'ctlog', () => undefined)).size, 0n);
  const { runtime, close } = openRuntime({ environment: {} });
  t.after(close);
  const found = await examineStack(dataDir, runtime);
  assert.deepEqual(
    found.filter(({ outcome }) => outcome === 'bad'),
    [],
  );
  await stack.close();
  rmSync(join(dataDir, 'objects', 'ctlog', 'state'));
  const broken = await examineStack(dataDir, runtime);
  assert.deepEqual(
    broken.filter(({ outcome }) => outcome !== 'good').map(({ what }) => what),
    ['objects', 'process'],
  );
  await assert.rejects(
    verifyStackLog(dataDir, 'ctlog', () => undefined),
    hasCode('LOG_DAMAGED'),
  );
});
