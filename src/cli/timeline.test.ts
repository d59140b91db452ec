import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { TimeMark, Timeline, ValidityWindow } from '../flows/explain-windows.ts';
import { timelineLines } from './timeline.ts';

const at = (minute: number): Date => new Date(Date.UTC(2026, 2, 1, 12, minute));

function windowOf(parts: Partial<ValidityWindow> & { readonly isOpen?: boolean } = {}): ValidityWindow {
  const { isOpen = false, ...given } = parts;
  return { name: 'certificate', whose: 'dev@example.test', start: at(0), ...(isOpen ? {} : { end: at(10) }), ...given };
}

function markOf(parts: Partial<TimeMark> = {}): TimeMark {
  return { kind: 'integrated', instant: at(5), by: 'https://log.test', isProven: true, outside: [], ...parts };
}

const lines = (timeline: Timeline): readonly string[] => timelineLines(timeline);

test('a mark stands in the bar of its window, and is told in words', () => {
  const [bar = '', marks = '', window, mark] = lines({ windows: [windowOf()], marks: [markOf()] });
  assert.match(bar, /^certificate +\[=+\]$/);
  assert.ok(bar.indexOf('[') < marks.indexOf('a') && marks.indexOf('a') < bar.indexOf(']'));
  assert.equal(window, 'certificate   2026-03-01T12:00:00Z to 2026-03-01T12:10:00Z  dev@example.test');
  assert.equal(mark, 'a log         2026-03-01T12:05:00Z  https://log.test');
});

test('a mark outside is outside of the bar, and says of which windows', () => {
  const late = markOf({ instant: at(20), outside: ['certificate', 'issuing CA'] });
  const [bar = '', marks = '', , mark] = lines({ windows: [windowOf()], marks: [late] });
  assert.ok(marks.indexOf('a') > bar.indexOf(']'));
  assert.match(mark ?? '', /OUTSIDE: certificate, issuing CA/);
});

test('now is n, others are letters in order, and marks in one place are a star', () => {
  const now = markOf({ kind: 'now', instant: at(6) });
  const [, marks = ''] = lines({ windows: [windowOf()], marks: [markOf(), markOf({ kind: 'timestamp' }), now] });
  assert.match(marks, /^ +\* +n$/);
  const words = lines({ windows: [], marks: [markOf(), markOf({ kind: 'timestamp' }), now] }).slice(1);
  assert.deepEqual(
    words.map((line) => line.slice(0, 14).trim()),
    ['a log', 'b timestamp', 'n now'],
  );
});

test('a window without an end is open, one that never is has no bar', () => {
  assert.match(lines({ windows: [windowOf({ isOpen: true })], marks: [] })[0] ?? '', />$/);
  const [bar, , text] = lines({ windows: [windowOf({ end: at(-5) })], marks: [] });
  assert.equal(bar?.trim(), 'certificate');
  assert.match(text ?? '', /at no time/);
});

test('no line is wider than 78 columns, whatever the names, and nothing acts on a terminal', () => {
  const whose = `https://example.test/\u001b[2J\n\u202e${'a'.repeat(8192)}`;
  const outside = ['certificate', 'issuing CA', 'log key'] as const;
  const all = lines({
    windows: [windowOf({ whose }), windowOf({ whose, isOpen: true, name: 'issuing CA' })],
    marks: Array.from({ length: 70 }, (_, minute) => markOf({ instant: at(minute), by: whose, outside })),
  });
  assert.ok(all.every((line) => line.length <= 78));
  assert.doesNotMatch(all.join('|'), /[\u001b\u202e\n]/);
});

test('nothing to draw is drawn as nothing', () => {
  assert.deepEqual(lines({ windows: [], marks: [] }), [' '.repeat(14)]);
});
