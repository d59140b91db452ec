/** The text of a flag's value into the value. @source github.com/spf13/pflag; Go package strconv, encoding/csv */

import { messageOf, UsageError } from '../base/errors.ts';
import { parseDurationMs } from '../base/time.ts';
import type { Flag } from './flag.ts';

export type FlagValue = string | number | boolean | readonly string[] | undefined;

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

/** Reads all texts given for one flag, in order: lists collect them, of other types the last one counts.
 *  `name` is how messages call it: "--timeout" or "COSIGN_TIMEOUT". Throws FLAG_VALUE_INVALID. */
export function parseFlagValue(name: string, flag: Flag, texts: readonly string[]): FlagValue {
  if (flag.type === 'stringArray') {
    return texts;
  }
  if (flag.type === 'strings') {
    return texts.flatMap((text) => parseCommaList(name, text));
  }
  // Each text must be right, as pflag sets them one after the other.
  return texts.map((text) => parseSingle(name, flag, text)).at(-1);
}

/** The value of a flag that nobody gave. */
export function defaultValueOf(flag: Flag): FlagValue {
  if (flag.type === 'strings' || flag.type === 'stringArray') {
    return [];
  }
  return 'default' in flag ? flag.default : undefined;
}

/** Go's booleans: 1, t, true, 0, f, false and their capital forms. */
function parseBoolean(name: string, text: string): boolean {
  if (TRUE.has(text)) return true;
  if (FALSE.has(text)) return false;
  throw invalid(name, text, 'expected true or false');
}

function parseSingle(name: string, flag: Flag, text: string): FlagValue {
  switch (flag.type) {
    case 'bool':
      return parseBoolean(name, text);
    case 'int':
      return parseWholeNumber(name, text);
    case 'duration':
      return parseDuration(name, text);
    case 'enum':
      if (text === '') return flag.default;
      if (flag.values.includes(text)) return text;
      throw invalid(name, text, `expected one of ${flag.values.join(', ')}`);
    default:
      return text === '' && flag.type === 'string' ? flag.default : text;
  }
}

function parseWholeNumber(name: string, text: string): number {
  if (!/^[+-]?\d{1,9}$/.test(text)) {
    throw invalid(name, text, 'expected a whole number');
  }
  return Number(text);
}

function parseDuration(name: string, text: string): number {
  try {
    return parseDurationMs(text);
  } catch (error) {
    // The message quotes the text already.
    throw new UsageError('FLAG_VALUE_INVALID', `${name}: ${messageOf(error)}`);
  }
}

/** One line of CSV: `a,"b,c",d`. A quote inside an unquoted field is an error, as in Go. */
function parseCommaList(name: string, text: string): readonly string[] {
  if (text === '') return [];
  const fields: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\n]*))(,|$)/y;
  for (;;) {
    const match = field.exec(text);
    if (match === null) {
      throw invalid(
        name,
        text,
        'expected a list with commas between its parts; a part that holds a comma or quote stands in double quotes',
      );
    }
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === '') return fields;
  }
}

function invalid(name: string, text: string, why: string): UsageError {
  return new UsageError('FLAG_VALUE_INVALID', `${name}: ${why}, got ${JSON.stringify(text.slice(0, 200))}`);
}
