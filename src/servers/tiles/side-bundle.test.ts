import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import fc from 'fast-check';

import { hasCode } from '../../../test/support/error-code.ts';
import { concatBytes } from '../../base/bytes.ts';
import { isErrorWithCode } from '../../base/errors.ts';
import { encodeLogState, parseLogState } from './log-state.ts';
import { cutSideBundle, encodeSide, parseSide } from './side-bundle.ts';
import type { EntrySide } from './side-bundle.ts';
import { encodeStaging, parseStaging } from './staging.ts';

const entry = Uint8Array.of(1, 2, 3);
const encode = (each: EntrySide): Uint8Array => encodeSide({ ...each, entry });
const parseSideBundle = (bundle: Uint8Array): readonly EntrySide[] =>
  cutSideBundle(bundle).map((part) => parseSide(part, entry));
const side = fc.record(
  {
    time: fc.date({ min: new Date(0), noInvalidDate: true }),
    identity: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    keys: fc.array(
      fc.string({ unit: 'binary', maxLength: 20 }).filter((key) => key.isWellFormed()),
      { maxLength: 5 },
    ),
  },
  { noNullPrototype: true },
);

test('what belongs to entries is read back', () => {
  fc.assert(
    fc.property(fc.array(side, { maxLength: 10 }), (sides) => {
      const read = parseSideBundle(concatBytes(sides.map(encode)));
      assert.deepEqual(
        read.map((each) => ({ ...each, identity: Uint8Array.from(each.identity) })),
        sides,
      );
    }),
  );
});

test('what is staged is read back', () => {
  const object = fc.record(
    { key: fc.stringMatching(/^[a-z/]{1,9}$/), bytes: fc.uint8Array() },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(fc.array(object), (objects) => {
      const read = parseStaging(encodeStaging(objects));
      assert.deepEqual(
        read.map(({ key, bytes }) => ({ key, bytes: Uint8Array.from(bytes) })),
        objects,
      );
    }),
  );
});

test('any bytes are read or refused with an error that says so', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      for (const [parse, codes] of [
        [parseSideBundle, ['TILE_MALFORMED']],
        [parseStaging, ['TILE_MALFORMED', 'TEXT_NOT_UTF8']],
        [parseLogState, ['LOG_DAMAGED']],
      ] as const) {
        try {
          parse(bytes);
        } catch (error) {
          assert.ok(
            codes.some((code) => isErrorWithCode(error, code)),
            String(error),
          );
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('cut off, or with any bit of it or of its entry changed, a bundle is refused', () => {
  const good = encode({ time: new Date(5), identity: new Uint8Array(32), keys: ['a', 'bc'] });
  for (let length = 1; length < good.length; length += 1) {
    assert.throws(() => parseSideBundle(good.subarray(0, length)), hasCode('TILE_MALFORMED'), `${length}`);
  }
  for (let bit = 0; bit < good.length * 8; bit += 1) {
    const changed = Uint8Array.from(good);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.throws(() => parseSideBundle(changed), hasCode('TILE_MALFORMED'), `${bit}`);
  }
  const [part = good] = cutSideBundle(good);
  assert.throws(() => parseSide(part, Uint8Array.of(1, 2, 4)), hasCode('TILE_MALFORMED'));
  assert.throws(() => parseStaging(good), hasCode('TILE_MALFORMED'));
});

/** With the digest of what is below it now. */
function redigested(state: string): Buffer {
  const document = state.slice(65);
  return Buffer.from(`${createHash('sha256').update(document).digest('hex')}\n${document}`);
}

test('a state is read back, and another version, a size that is none or any changed byte is refused', () => {
  const head = { size: 12n, root: new Uint8Array(32).fill(3), time: new Date(1000), checkpoint: 'log\n12\n\n— x\n' };
  const state = { head, staging: '12-ab', previousSize: 3n };
  const encoded = encodeLogState(state);
  const read = parseLogState(encoded);
  assert.deepEqual({ ...read, head: { ...read.head, root: Uint8Array.from(read.head.root) } }, state);
  const text = Buffer.from(encoded).toString();
  for (const [from, to] of [
    ['"version": 1', '"version": 2'],
    ['"12"', '"012"'],
    ['"3"', '"-3"'],
    ['"timeMs": 1000', '"timeMs": -1'],
    ['"root": "', '"root": "*'],
    ['"staging"', '"other"'],
  ] as const) {
    assert.ok(text.includes(from));
    assert.throws(() => parseLogState(redigested(text.replace(from, to))), hasCode('LOG_DAMAGED'), to);
  }
  for (let at = 0; at < encoded.length; at += 1) {
    const changed = Uint8Array.from(encoded);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.throws(() => parseLogState(changed), hasCode('LOG_DAMAGED'), `${at}`);
  }
});
