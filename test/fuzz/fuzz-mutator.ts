/** Makes new inputs of known ones. The same numbers give the same inputs. */

import { changedDer } from './der-mutator.ts';
import type { Dice } from './der-mutator.ts';

/** Bytes of one input. */
const MAX_BYTES = 64 * 1024;
const WORDS = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ':',
  ',',
  '\\u0000',
  'null',
  '-1',
  '1e999',
  '__proto__',
  '\n\n',
  '\u2014 a b\n',
  '-----',
];
const BORDERS = [0, 1, 0x7f, 0x80, 0x81, 0x84, 0xff, 0x30, 0x31, 0xa0];
const BASE64 = /"([A-Za-z0-9+/]{8,}={0,2})"/g;

/** Numbers from a seed. @source Tommy Ettinger, mulberry32 */
export function diceOf(seed: number): Dice {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** One of the known inputs with a few changes; in its text, or inside one of its base64 values. */
export function mutated(known: readonly Uint8Array[], dice: Dice): Uint8Array {
  let bytes: Uint8Array = known[dice(known.length)] ?? new Uint8Array();
  const other = known[dice(known.length)] ?? bytes;
  for (let left = 1 + dice(4); left > 0; left -= 1) {
    const isBlunt = dice(3) > 0;
    bytes = (isBlunt ? undefined : insideOf(bytes, dice)) ?? changed(bytes, other, dice);
  }
  return bytes.subarray(0, MAX_BYTES);
}

/** Keeps what is around the change as it has to be; undefined where the form is not known. */
function insideOf(bytes: Uint8Array, dice: Dice): Uint8Array | undefined {
  if (bytes[0] === 0x30) return changedDer(bytes, dice, (content) => changed(content, content, dice));
  return bytes[0] === 0x7b ? insideBase64(bytes, dice) : undefined;
}

function insideBase64(bytes: Uint8Array, dice: Dice): Uint8Array | undefined {
  const text = Buffer.from(bytes).toString('latin1');
  const values = [...text.matchAll(BASE64)];
  const chosen = values[dice(Math.max(values.length, 1))];
  if (chosen?.[1] === undefined) return undefined;
  const inner = Buffer.from(chosen[1], 'base64');
  // JSON inside base64 inside JSON: log entries are stored so.
  const edited = insideOf(inner, dice) ?? changed(inner, inner, dice);
  const start = chosen.index + 1;
  return joined(
    bytes.subarray(0, start),
    Buffer.from(edited).toString('base64'),
    bytes.subarray(start + chosen[1].length),
  );
}

function changed(bytes: Uint8Array, other: Uint8Array, dice: Dice): Uint8Array {
  const at = dice(bytes.length + 1);
  const length = 1 + dice(dice(8) === 0 ? 256 : 8);
  const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (dice(8)) {
    case 0:
      return withByte(bytes, at, (bytes[at] ?? 0) ^ (1 << dice(8)));
    case 1:
      return withByte(bytes, at, BORDERS[dice(BORDERS.length)] ?? 0);
    case 2:
      return withByte(bytes, at, dice(256));
    case 3:
      return joined(head, tail.subarray(length));
    case 4:
      return joined(
        head,
        Array.from({ length }, () => dice(256)),
        tail,
      );
    case 5:
      // Again what stands there: members, elements and lines twice.
      return joined(head, tail.subarray(0, length * 8), tail);
    case 6:
      return joined(head, WORDS[dice(WORDS.length)] ?? '', tail);
    default:
      return joined(head, other.subarray(dice(other.length + 1)));
  }
}

function withByte(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  if (at < copy.length) copy[at] = value;
  return copy;
}

function joined(...parts: readonly (Uint8Array | string | readonly number[])[]): Uint8Array {
  return new Uint8Array(
    Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Uint8Array.from(part)))),
  );
}
