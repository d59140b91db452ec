import assert from 'node:assert/strict';
import { test } from 'node:test';

import { InputError } from './errors.ts';
import { parseDurationMs, parseRfc3339, rfc3339Of } from './time.ts';

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

test('RFC 3339 times read as Go reads them, to the millisecond', () => {
  const cases: [string, string][] = [
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000Z'],
    ['2022-12-31T23:59:59.999Z', '2022-12-31T23:59:59.999Z'],
    ['2022-12-31T23:59:59.999999999Z', '2022-12-31T23:59:59.999Z'],
    ['2022-12-31T23:59:59.5Z', '2022-12-31T23:59:59.500Z'],
    ['2026-01-02T01:00:00+02:30', '2026-01-01T22:30:00.000Z'],
    ['2026-01-01T23:00:00-01:00', '2026-01-02T00:00:00.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
  ];
  for (const [text, iso] of cases) assert.equal(parseRfc3339(text).toISOString(), iso, text);
});

test('what is no time, or none that exists, is refused', () => {
  const texts =
    '|2026-01-02|2026-01-02 03:04:05Z|2026-01-02t03:04:05z|2026-01-02T03:04:05|2026-02-29T00:00:00Z|2026-13-01T00:00:00Z|' +
    '2026-01-02T24:00:00Z|2026-01-02T23:59:60Z|2026-01-02T03:04:05.Z|2026-01-02T03:04:05.1234567890Z|' +
    '2026-01-02T03:04:05+2:00|2026-01-02T03:04:05+24:00|+002026-01-02T03:04:05Z|2026-01-02T03:04:05Z |1767323045';
  for (const text of texts.split('|')) {
    assert.throws(
      () => parseRfc3339(text),
      (error) => error instanceof InputError && error.code === 'INSTANT_MALFORMED',
      text,
    );
  }
});

test('a number of any length without a unit is refused at once', () => {
  const begun = performance.now();
  assert.throws(() => parseDurationMs('1'.repeat(1500)), InputError);
  assert.ok(performance.now() - begun < 200);
});
