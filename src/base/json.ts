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
    checkStructure(text, source.what);
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw new InputError('JSON_MALFORMED', `${source.what}: ${messageOf(cause)}`, { cause });
  }
}

/** Refuses depth and number of values above their caps, and repeated member names. Of a text that is no JSON it may say
 *  anything, but ends. */
function checkStructure(text: string, what: string): void {
  const open: (Set<string> | undefined)[] = [];
  let expectName = false;
  let values = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') {
      const end = stringEnd(text, at);
      if (expectName) {
        addName(open.at(-1), text.slice(at, end + 1), what);
        expectName = false;
      }
      at = end;
    } else if (char === '{' || char === '[') {
      open.push(char === '{' ? new Set() : undefined);
      expectName = char === '{';
      if (open.length > limits.jsonDepth) {
        throw new InputError('JSON_TOO_DEEP', `${what}: nests deeper than ${limits.jsonDepth} levels`);
      }
    } else if (char === '}' || char === ']') {
      open.pop();
      expectName = false;
    } else if (char === ',') {
      expectName = open.at(-1) !== undefined;
      values += 1;
      if (values > limits.jsonValues) {
        throw new InputError('INPUT_TOO_LARGE', `${what}: at most ${limits.jsonValues} values are read`);
      }
    }
  }
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

function addName(names: Set<string> | undefined, quoted: string, what: string): void {
  // Names are compared after unescaping: "\u0061" and "a" are the same member.
  const name = quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
  if (names?.has(name)) {
    throw new InputError('JSON_MALFORMED', `${what}: the member ${quoted.slice(0, 100)} appears twice in one object`);
  }
  names?.add(name);
}
