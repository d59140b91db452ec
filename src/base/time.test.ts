import assert from 'node:assert/strict';
import { test } from 'node:test';

import { InputError } from './errors.ts';
import { parseDurationMs, rfc3339Of } from './time.ts';

test('Go durations read as Go reads them', () => {
  const cases: [string, number][] = [
    ['0', 0],
    ['3m0s', 180_000],
    ['1h30m', 5_400_000],
    ['1.5s', 1500],
    ['.5s', 500],
    ['1.s', 1000],
    ['250ms', 250],
    ['2us', 0.002],
    ['2µs', 0.002],
    ['-1m', -60_000],
    ['+1s', 1000],
    ['1m1m', 120_000],
  ];
  for (const [text, ms] of cases) {
    assert.equal(parseDurationMs(text), ms, text);
  }
});

test('what Go refuses is refused', () => {
  for (const text of ['', '8', '1d', 's', '.s', '1 s', '1s ', '--1s', '1sx', '1e3s']) {
    assert.throws(
      () => parseDurationMs(text),
      (error) => error instanceof InputError && error.code === 'DURATION_MALFORMED',
      text,
    );
  }
});

test('an instant is written in UTC to the second', () => {
  assert.equal(rfc3339Of(new Date(1_795_343_740_999)), '2026-11-22T10:35:40Z');
});

test('a number of any length without a unit is refused at once', () => {
  const begun = performance.now();
  assert.throws(() => parseDurationMs('1'.repeat(1500)), InputError);
  assert.ok(performance.now() - begun < 200);
});
