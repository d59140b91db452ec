import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import * as other from '../../test/support/der-writer.ts';
import * as writer from './der-writer.ts';

const bytes = fc.uint8Array({ maxLength: 400 });

test('whatever is written is what the writer of the tests writes', () => {
  fc.assert(
    fc.property(
      fc.array(bytes, { minLength: 1, maxLength: 5 }),
      fc.nat(),
      fc.date({ noInvalidDate: true }),
      (parts, number, date) => {
        const [first = new Uint8Array()] = parts;
        const instant = new Date(Math.abs(date.getTime()) % 2_500_000_000_000);
        for (const [ours, theirs] of [
          [writer.sequence(...parts), other.sequence(...parts)],
          [writer.setOf(...parts), other.setOf(...parts)],
          [writer.tagged(3, ...parts), other.tagged(3, ...parts)],
          [writer.taggedString(6, first), other.taggedString(6, first)],
          [writer.integer(number), other.integer(number)],
          [writer.octetString(first), other.octetString(first)],
          [writer.bitString(first), other.bitString(first)],
          [writer.oid(`1.3.6.1.4.1.57264.${number}`), other.oid(`1.3.6.1.4.1.57264.${number}`)],
          [writer.namedBits(number % 9, 3), other.namedBits(number % 9, 3)],
          [writer.generalizedTime(instant), other.generalizedTime(instant)],
          [writer.utcTime(instant), other.utcTime(instant)],
        ] as const) {
          assert.deepEqual(Buffer.from(ours), theirs);
        }
      },
    ),
  );
  for (const [ours, theirs] of [
    [writer.integer(Uint8Array.of(0, 0, 0x80, 1)), other.integer(Uint8Array.of(0, 0, 0x80, 1))],
    [writer.boolean(true), other.boolean(true)],
    [writer.boolean(false), other.boolean(false)],
    [writer.nullValue(), other.nullValue()],
    [writer.utf8String('Zürich'), other.utf8String('Zürich')],
    [writer.printableString('abc'), other.printableString('abc')],
  ] as const) {
    assert.deepEqual(Buffer.from(ours), theirs);
  }
});
