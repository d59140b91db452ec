/** JSON of protocol buffer messages, as strict as Go reads it: a member nobody declared is an error, both spellings of a
 *  name are the same member, 64-bit numbers are texts or numbers, bytes are canonical base64.
 *  @source protobuf.dev/programming-guides/json */

import { parseBase64 } from '../base/bytes.ts';
import { decodeObject, decodeString } from '../base/decode.ts';
import type { Decoder } from '../base/decode.ts';
import { InputError, isErrorWithCode } from '../base/errors.ts';

type Members = Parameters<typeof decodeObject>[0];

/** Reads a message whose members are declared in camelCase. Throws JSON_SHAPE. */
export function decodeMessage<const M extends Members>(members: M): ReturnType<typeof decodeObject<M>> {
  const decode = decodeObject(members);
  const names = new Map(
    Object.keys(members).flatMap((name) => [[name, name] as const, [snakeCaseOf(name), name] as const]),
  );
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return decode(value, path);
    }
    // As most are written: nothing to rename.
    if (Object.keys(value).every((spelling) => Object.hasOwn(members, spelling))) {
      return decode(value, path);
    }
    const source: Record<string, unknown> = {};
    for (const [spelling, member] of Object.entries(value)) {
      const name = names.get(spelling);
      if (name === undefined || Object.hasOwn(source, name)) {
        const why = name === undefined ? 'no member of this name' : 'the member once';
        throw shapeError(`${path}.${spelling.slice(0, 80)}`, why, 'a member');
      }
      source[name] = member;
    }
    return decode(source, path);
  };
}

/** As `decodeMessage` for requests of strangers: members that nobody declared are ignored, as servers in Go do. */
export function decodeRequest<const M extends Members>(members: M): ReturnType<typeof decodeObject<M>> {
  const decode = decodeMessage(members);
  const known = new Set(Object.keys(members).flatMap((name) => [name, snakeCaseOf(name)]));
  return (value, path) =>
    typeof value !== 'object' || value === null || Array.isArray(value)
      ? decode(value, path)
      : decode(Object.fromEntries(Object.entries(value).filter(([name]) => known.has(name))), path);
}

/** Base64 of either alphabet, with or without padding, as Go reads it in requests. Throws BASE64_MALFORMED. */
export const decodeAnyBytes: Decoder<Uint8Array> = (value, path) => {
  const digits = decodeString(value, path).replaceAll('-', '+').replaceAll('_', '/');
  // Where padding is, it must be right.
  return decodeBytes(digits.endsWith('=') ? digits : digits.padEnd(Math.ceil(digits.length / 4) * 4, '='), path);
};

export const decodeBytes: Decoder<Uint8Array> = (value, path) => {
  const text = decodeString(value, path);
  try {
    return parseBase64(text);
  } catch (cause) {
    throw isErrorWithCode(cause, 'BASE64_MALFORMED')
      ? new InputError('BASE64_MALFORMED', `${path.slice(0, 300)}: expected canonical padded base64`, { cause })
      : cause;
  }
};

const MAX_INT64 = 2n ** 63n - 1n;

/** A 64-bit number from 0, written as text or as a number. Throws JSON_SHAPE. */
export const decodeInt64: Decoder<bigint> = (value, path) => {
  const isNumber = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
  const isText = typeof value === 'string' && /^(?:0|[1-9]\d{0,18})$/.test(value);
  const number = isNumber || isText ? BigInt(value) : undefined;
  if (number === undefined || number > MAX_INT64) {
    throw shapeError(path, 'a whole number from 0 to 2^63-1', JSON.stringify(value)?.slice(0, 80) ?? 'nothing');
  }
  return number;
};

function snakeCaseOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function shapeError(path: string, expected: string, seen: string): InputError {
  const where = path.slice(0, 300);
  return new InputError('JSON_SHAPE', `${where}: expected ${expected}, got ${seen}`, {
    details: { path: where, expected },
  });
}
