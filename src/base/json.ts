/** Strict JSON: capped, UTF-8, bounded depth, and no member named twice (a reader that keeps the first and one that
 *  keeps the last would see two documents). @source RFC 8259, RFC 7493 section 2.3 */

import { parseUtf8 } from './bytes.ts';
import { InputError, messageOf } from './errors.ts';
import { limits } from './limits.ts';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [member: string]: JsonValue;
}

export interface JsonSource {
  /** What the document is, for messages: "image manifest". */
  readonly what: string;
  readonly maxBytes: number;
}

/** Reads a JSON document. Throws INPUT_TOO_LARGE, TEXT_NOT_UTF8, JSON_MALFORMED, JSON_TOO_DEEP. */
export function parseJson(bytes: Uint8Array | string, source: JsonSource): JsonValue {
  if (bytes.length > source.maxBytes) {
    throw new InputError(
      'INPUT_TOO_LARGE',
      `${source.what}: ${bytes.length} bytes, at most ${source.maxBytes} are read`,
    );
  }
  const text = typeof bytes === 'string' ? bytes : parseUtf8(bytes);
  try {
    // First: a parser builds what it reads, and a megabyte of brackets becomes sixty of lists in lists.
    const names = checkStructure(text, source.what);
    const value = JSON.parse(text) as JsonValue;
    // Of members with one name, however it is spelled, the parser kept the last.
    if (memberCountOf(value) !== names) {
      const name = repeatedNameIn(text).slice(0, 100);
      throw new InputError('JSON_MALFORMED', `${source.what}: the member ${name} appears twice in one object`);
    }
    return value;
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw new InputError('JSON_MALFORMED', `${source.what}: ${messageOf(cause)}`, { cause });
  }
}

/** Refuses depth and number of values above their caps; counts the names of members. Of a text that is no JSON it may say
 *  anything, but ends. */
function checkStructure(text: string, what: string): number {
  let depth = 0;
  let values = 0;
  let names = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') {
      at = stringEnd(text, at);
    } else if (char === ':') {
      names += 1;
    } else if (char === '{' || char === '[') {
      depth += 1;
      if (depth > limits.jsonDepth) {
        throw new InputError('JSON_TOO_DEEP', `${what}: nests deeper than ${limits.jsonDepth} levels`);
      }
    } else if (char === '}' || char === ']') {
      depth -= 1;
    } else if (char === ',') {
      values += 1;
      if (values > limits.jsonValues) {
        throw new InputError('INPUT_TOO_LARGE', `${what}: at most ${limits.jsonValues} values are read`);
      }
    }
  }
  return names;
}

/** Where the string ends that starts here; past the text where it does not. Leaps from quote to quote: most of a bundle is
 *  inside strings. */
function stringEnd(text: string, start: number): number {
  let at = start;
  let escapes: number;
  do {
    at = text.indexOf('"', at + 1);
    if (at === -1) return text.length;
    escapes = 0;
    while (text[at - 1 - escapes] === '\\') escapes += 1;
  } while (escapes % 2 === 1);
  return at;
}

/** The members of all objects in a value. */
function memberCountOf(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inside = Object.values(value);
  return inside.reduce<number>((sum, each) => sum + memberCountOf(each), Array.isArray(value) ? 0 : inside.length);
}

/** The first name that one object of a JSON text has twice, as it is spelled there. */
function repeatedNameIn(text: string): string {
  const open: Set<unknown>[] = [];
  let last = '';
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') {
      const end = stringEnd(text, at);
      last = text.slice(at, end + 1);
      at = end;
    } else if (char === '{' || char === '[') {
      open.push(new Set());
    } else if (char === '}' || char === ']') {
      open.pop();
    } else if (char === ':') {
      // Compared after unescaping: "\u0061" and "a" are the same member.
      const name: unknown = JSON.parse(last);
      if (open.at(-1)?.has(name) === true) return last;
      open.at(-1)?.add(name);
    }
  }
  return '';
}
