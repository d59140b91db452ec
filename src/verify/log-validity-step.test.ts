import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createLogged, entryOf, proofOf, trustedLogOf } from '../../test/support/logged-proof.ts';
import { createVirtualLog } from '../../test/support/virtual-sigstore/virtual-log.ts';
import { checkLog } from './log-step.ts';
import { checkLogValidity } from './log-validity-step.ts';

const logged = createLogged('message');
const now = new Date('2026-03-01T13:00:00Z');

/** How the step goes for an entry of a log whose key was in use in February. */
async function judge(version: 'v1' | 'v2', times: readonly string[]): Promise<readonly string[]> {
  const log = createVirtualLog({ version, host: 'log.test' });
  const validFor = { start: new Date('2026-02-01T00:00:00Z'), end: new Date('2026-02-28T00:00:00Z') };
  const entry = entryOf(logged, { log, integratedTime: new Date('2026-02-10T00:00:00Z') });
  const proof = await checkLog(
    proofOf({ logged, entries: [entry], logs: [trustedLogOf(log, { validFor })], policy: { now } }),
  );
  const proven = times.map((time) => ({ instant: new Date(time), source: 'timestamp' as const, by: 'tsa' }));
  const { checks } = checkLogValidity({ ...proof, checks: [], times: [...proof.times, ...proven] });
  return checks.map(({ step, status }) => `${status} ${step}`);
}

test('CVE-2026-54787: a log key that was not in use at any proven time makes no entries', async () => {
  assert.deepEqual(await judge('v2', ['2026-02-10T00:00:00Z']), ['pass log.time']);
  assert.deepEqual(await judge('v2', ['2026-02-28T00:00:00Z']), ['pass log.time'], 'the end belongs to it');
  assert.deepEqual(await judge('v2', ['2026-01-31T00:00:00Z', '2026-02-02T00:00:00Z']), ['pass log.time']);
  assert.deepEqual(await judge('v2', ['2026-01-31T23:59:59Z']), ['fail log.time']);
  assert.deepEqual(await judge('v2', ['2026-03-01T00:00:00Z']), ['fail log.time']);
});

test('without any proven time the key must be in use now', async () => {
  assert.deepEqual(await judge('v2', []), ['fail log.time']);
});

test('an entry whose time the log signed was judged by that time', async () => {
  assert.deepEqual(await judge('v1', ['2026-03-01T00:00:00Z']), []);
});
