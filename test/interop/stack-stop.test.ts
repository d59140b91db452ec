/** How a stack ends: asked to, by a disk that fails, and beside another one. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';

import { postJson } from '../support/plain-client.ts';
import { entryOf, proposeHashedRekord } from '../support/rekor-lab.ts';
import { createScratchFolder } from '../support/scratch.ts';
import { startStack } from '../support/stack.ts';
import type { TestStack } from '../support/stack.ts';

const ENTRIES = '/api/v1/log/entries';

interface Accepted {
  readonly body: string;
  readonly request: ClientRequest;
  readonly answer: Promise<IncomingMessage>;
}

/** A request of which the server has the head and not yet the body. */
async function accepted(url: string, body: string): Promise<Accepted> {
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    expect: '100-continue',
  };
  const asked = request(`${url}${ENTRIES}`, { method: 'POST', headers, agent: false });
  const answer = once(asked, 'response').then(([response]) => response as IncomingMessage);
  answer.catch(() => undefined);
  asked.flushHeaders();
  await once(asked, 'continue');
  return { body, request: asked, answer };
}

async function logged({ url }: TestStack, uuid: string): Promise<number> {
  const answer = await fetch(`${url}${ENTRIES}/${uuid}`);
  await answer.arrayBuffer();
  return answer.status;
}

test('asked to end, a stack answers what it has accepted, takes nothing more, and ends with 0', async () => {
  const stack = await startStack();
  const texts = Array.from({ length: 20 }, (_, at) => JSON.stringify(proposeHashedRekord(`text ${at}`)));
  const asked = await Promise.all(texts.map((body) => accepted(stack.url, body)));
  const ended = stack.close();
  await refused(stack.url);
  asked.forEach(({ request: each, body }) => each.end(body));
  const uuids = await Promise.all(
    asked.map(async ({ answer }) => {
      const response = await answer;
      const said = await text(response);
      assert.equal(response.statusCode, 201, said);
      return entryOf(JSON.parse(said))[0];
    }),
  );
  assert.equal(await ended, 0, stack.log());

  const again = await startStack({ dataDir: stack.dataDir });
  for (const uuid of uuids) assert.equal(await logged(again, uuid), 200);
  assert.equal(await again.close(), 0);
});

test('asked twice, it ends at once', async () => {
  const stack = await startStack();
  const { request: hanging, answer } = await accepted(stack.url, '{}');
  process.kill(stack.pid, 'SIGTERM');
  await refused(stack.url);
  const started = performance.now();
  assert.equal(await stack.close(), 130);
  assert.ok(performance.now() - started < 2_000);
  await assert.rejects(answer);
  hanging.destroy();
});

test('after a flush that failed a stack says so, tells nobody that anything was logged, and ends', async () => {
  const trigger = join(createScratchFolder('fsync'), 'fails');
  const preload = new URL('../support/failing-fsync.ts', import.meta.url).href;
  const env = { NODE_OPTIONS: `--import ${preload}`, FAILING_FSYNC: trigger };
  const stack = await startStack({ env });
  const before = await postJson(`${stack.url}${ENTRIES}`, proposeHashedRekord('before'));
  const [uuid] = entryOf(await before.json());
  writeFileSync(trigger, '');
  const answer = await postJson(`${stack.url}${ENTRIES}`, proposeHashedRekord('after'));
  assert.equal(answer.status, 500);
  assert.match(await answer.text(), /a write to disk failed/);
  assert.equal(await stack.ended, 1);
  assert.match(stack.log(), /^Error: a write to disk failed.*STORE_FAILED/ms);

  const again = await startStack({ dataDir: stack.dataDir });
  assert.equal(await logged(again, uuid), 200);
  assert.equal((await postJson(`${again.url}${ENTRIES}`, proposeHashedRekord('again'))).status, 201);
  assert.equal(await again.close(), 0);
});

test('a second process on one data directory is refused, and goes on when the first was killed', async () => {
  const stack = await startStack();
  await assert.rejects(startStack({ dataDir: stack.dataDir }), /DATA_DIR_LOCKED/);
  assert.equal((await postJson(`${stack.url}${ENTRIES}`, proposeHashedRekord('one'))).status, 201);
  await stack.kill();
  const again = await startStack({ dataDir: stack.dataDir });
  assert.equal((await postJson(`${again.url}${ENTRIES}`, proposeHashedRekord('two'))).status, 201);
  assert.equal(await again.close(), 0);
});

/** Resolves when no connection is taken any more. */
async function refused(url: string): Promise<void> {
  for (;;) {
    const isTaken = await fetch(url, { headers: { connection: 'close' } }).then(
      (answer) => answer.arrayBuffer().then(() => true),
      () => false,
    );
    if (!isTaken) return;
  }
}
