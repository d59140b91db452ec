import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { TileLog } from '../tiles/tile-log.ts';
import { conditionOf } from './stack-condition.ts';
import type { Expiry } from './stack-condition.ts';

const now = new Date('2026-06-01T00:00:00Z');
const inDays = (days: number): Date => new Date(now.getTime() + days * 86_400_000);

function expiryIn(days: number): Expiry {
  return { what: 'TUF root', expires: inDays(days), warnFrom: inDays(days - 90), failFrom: inDays(days - 2) };
}

/** A log that only says how it is. */
function logWith(trouble?: string): TileLog {
  const head = { size: 7n, root: new Uint8Array(32), time: now, checkpoint: '' };
  return { kind: { name: 'rekor' }, head: () => head, trouble: () => trouble } as unknown as TileLog;
}

const well = { logs: [logWith()], expiries: [expiryIn(365)], keyNames: ['rekor'], isDevelopment: false, remarks: [] };

test('a stack in which all is well is ready, and says what it holds', () => {
  assert.deepEqual(conditionOf(well, now), {
    isReady: true,
    problems: [],
    warnings: [],
    logs: { rekor: { entries: '7', checkpoint: '2026-06-01T00:00:00Z' } },
    expiries: { 'TUF root': '2027-06-01T00:00:00Z' },
  });
});

test('what expires is warned of long before, and then makes the stack unready', () => {
  const soon = conditionOf({ ...well, expiries: [expiryIn(30)] }, now);
  assert.deepEqual([soon.isReady, soon.warnings], [true, ['TUF root expires in 30 days, on 2026-07-01T00:00:00Z']]);
  const late = conditionOf({ ...well, expiries: [expiryIn(1)] }, now);
  assert.deepEqual([late.isReady, late.problems], [false, ['TUF root expires in 24 hours, on 2026-06-02T00:00:00Z']]);
  const over = conditionOf({ ...well, expiries: [expiryIn(-1)] }, now);
  assert.deepEqual([over.isReady, over.problems], [false, ['TUF root expired on 2026-05-31T00:00:00Z']]);
});

test('a log that takes no entries makes the stack unready, and says why', () => {
  const { isReady, problems } = conditionOf({ ...well, logs: [logWith('the clock stepped back')] }, now);
  assert.deepEqual([isReady, problems], [false, ['log rekor takes no entries: the clock stepped back']]);
});

test('what clients are not told is said', () => {
  assert.deepEqual(conditionOf({ ...well, remarks: ['clients are not told'] }, now).warnings, ['clients are not told']);
});

test('keys that should be elsewhere are warned of, but not in development', () => {
  const facts = { ...well, keyNames: ['rekor', 'tuf-root', 'tuf-targets'] };
  assert.match(conditionOf(facts, now).warnings.join(), /tuf-root, tuf-targets are in the data directory/);
  assert.deepEqual(conditionOf({ ...facts, isDevelopment: true }, now).warnings, []);
});
