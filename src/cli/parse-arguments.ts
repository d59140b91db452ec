/** The words of a command line into flags and arguments, by pflag's rules and cosign's corrections of old spellings.
 *  @source github.com/spf13/pflag; sigstore/cosign cmd/cosign/main.go */

import { UsageError } from '../base/errors.ts';
import { flagAliases } from './flag.ts';
import type { Flag, Flags } from './flag.ts';
import { nearestOf } from './nearest.ts';

export interface ParsedArguments {
  /** The texts given for each flag, in order, by its name. */
  readonly given: ReadonlyMap<string, readonly string[]>;
  readonly positional: readonly string[];
  /** Old spellings that were corrected. */
  readonly warnings: readonly string[];
  readonly isHelpAsked: boolean;
}

interface Reader {
  readonly flags: Flags;
  readonly shorts: ReadonlyMap<string, string>;
  readonly words: string[];
  readonly given: Map<string, string[]>;
  readonly warnings: string[];
  isHelpAsked: boolean;
}

/** Flags may stand anywhere; `--` ends them. Throws FLAG_UNKNOWN, FLAG_VALUE_MISSING. */
export function parseArguments(words: readonly string[], flags: Flags): ParsedArguments {
  const shorts = new Map(
    Object.entries(flags).flatMap(([name, { short }]) => (short === undefined ? [] : [[short, name]])),
  );
  const reader: Reader = { flags, shorts, words: [...words], given: new Map(), warnings: [], isHelpAsked: false };
  const positional: string[] = [];
  for (let word = reader.words.shift(); word !== undefined; word = reader.words.shift()) {
    if (word === '--') {
      positional.push(...reader.words.splice(0));
    } else if (word.startsWith('--')) {
      readLong(reader, word.slice(2));
    } else if (word.startsWith('-') && word !== '-') {
      readShort(reader, word.slice(1));
    } else {
      positional.push(word);
    }
  }
  const { given, warnings, isHelpAsked } = reader;
  return { given, positional, warnings, isHelpAsked };
}

/** `--name`, `--name=value`, `--name value`; `--x` of one letter means `-x`, as in cosign. */
function readLong(reader: Reader, body: string): void {
  const equals = body.indexOf('=');
  const spelled = equals === -1 ? body : body.slice(0, equals);
  const value = equals === -1 ? undefined : body.slice(equals + 1);
  const name = flagAliases.get(spelled) ?? spelled;
  const flag = ownFlagOf(reader, name);
  if (flag !== undefined) {
    take(reader, name, flag, value);
  } else if (spelled === 'help') {
    reader.isHelpAsked = true;
  } else if (spelled.length === 1 && (reader.shorts.has(spelled) || spelled === 'h')) {
    warnOfSpelling(reader, `--${spelled}`, `-${spelled}`);
    readShort(reader, body);
  } else {
    throw unknownFlag(reader, `--${spelled}`, name);
  }
}

/** `-x`, `-x value`, `-xvalue`, `-x=value`, `-xyz`. A whole word that is a flag's long name means that flag, as in cosign. */
function readShort(reader: Reader, body: string): void {
  const word = /^[^=]*/.exec(body)?.[0] ?? '';
  const long = flagAliases.get(word) ?? word;
  if (word.length > 1 && (ownFlagOf(reader, long) !== undefined || word === 'help')) {
    warnOfSpelling(reader, `-${word}`, `--${word}`);
    readLong(reader, body);
    return;
  }
  const letter = body.slice(0, 1);
  const rest = body.slice(1);
  const name = reader.shorts.get(letter);
  const flag = name === undefined ? undefined : reader.flags[name];
  if (name === undefined || flag === undefined) {
    if (letter !== 'h') throw unknownFlag(reader, `-${body}`, long);
    reader.isHelpAsked = true;
  } else if (rest.startsWith('=')) {
    take(reader, name, flag, rest.slice(1));
    return;
  } else if (flag.type !== 'bool') {
    take(reader, name, flag, rest === '' ? undefined : rest);
    return;
  } else {
    take(reader, name, flag, undefined);
  }
  if (rest !== '') readShort(reader, rest);
}

function take(reader: Reader, name: string, flag: Flag, value: string | undefined): void {
  // Whatever the next word looks like, it is the value: passwords may start with "-".
  const text = value ?? (flag.type === 'bool' ? 'true' : reader.words.shift());
  if (text === undefined) {
    throw new UsageError('FLAG_VALUE_MISSING', `--${name} needs a value`);
  }
  reader.given.set(name, [...(reader.given.get(name) ?? []), text]);
}

function ownFlagOf({ flags }: Reader, name: string): Flag | undefined {
  return Object.hasOwn(flags, name) ? flags[name] : undefined;
}

function warnOfSpelling(reader: Reader, old: string, now: string): void {
  reader.warnings.push(
    `the flag ${old} is deprecated and will be removed in a future release. Please use the flag ${now}.`,
  );
}

function unknownFlag({ flags }: Reader, shown: string, name: string): UsageError {
  const near = nearestOf(name, Object.keys(flags));
  return new UsageError(
    'FLAG_UNKNOWN',
    `unknown flag: ${shown}${near === undefined ? '' : `; did you mean --${near}?`}`,
  );
}
