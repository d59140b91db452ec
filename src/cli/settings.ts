/** Everything a person said about a command's flags, brought together: command line, environment, defaults. */

import { UsageError } from '../base/errors.ts';
import { environmentSettings } from './environment.ts';
import type { Environment } from './environment.ts';
import type { Flag, Flags } from './flag.ts';
import { defaultValueOf, parseFlagValue } from './flag-value.ts';
import type { FlagValue } from './flag-value.ts';
import type { ParsedArguments } from './parse-arguments.ts';

export interface Settings {
  readonly values: Readonly<Record<string, FlagValue>>;
  /** Names of the flags that the command line or the environment gave. */
  readonly given: ReadonlySet<string>;
  /** What to tell the person: old spellings, deprecated flags, flags without effect. */
  readonly notes: readonly string[];
}

/** Throws FLAG_VALUE_INVALID, ENVIRONMENT_WEAKENS, FLAG_NOT_AVAILABLE. An undefined environment is not looked at. */
export function settingsOf(flags: Flags, parsed: ParsedArguments, environment: Environment | undefined): Settings {
  const fromEnvironment = environmentSettings(flags, (name) => parsed.given.has(name), environment ?? {});
  const notes = parsed.warnings.map((text) => `WARNING: ${text}`);
  const given = new Set<string>();
  const values: Record<string, FlagValue> = {};
  for (const [name, flag] of Object.entries(flags)) {
    const texts = parsed.given.get(name);
    const setting = fromEnvironment.get(name);
    if (texts !== undefined) {
      values[name] = parseFlagValue(`--${name}`, flag, texts);
      for (const text of texts) requireAvailable(flag, text, `--${name}`);
    } else if (setting === undefined) {
      values[name] = defaultValueOf(flag);
      continue;
    } else {
      values[name] = setting.value;
      requireAvailable(flag, setting.text, setting.variable);
    }
    given.add(name);
    notes.push(...notesOf(name, flag));
  }
  return { values, given, notes };
}

/** A flag for a service that is not here must not be passed over: the person would believe in a check that never was. */
function requireAvailable(flag: Flag, text: string, shown: string): void {
  if (flag.cosign?.here !== 'refused') return;
  const value = parseFlagValue(shown, flag, [text]);
  const accepted = (flag.accepts ?? []).map((each) => parseFlagValue(shown, flag, [each]));
  const harmless = flag.accepts === undefined ? [defaultValueOf(flag)] : accepted;
  if (harmless.some((each) => JSON.stringify(each) === JSON.stringify(value))) return;
  throw new UsageError('FLAG_NOT_AVAILABLE', `${shown} asks for something that this version does not have`, {
    ...(flag.cosign.text === undefined ? {} : { hint: flag.cosign.text }),
    details: { flag: shown },
  });
}

function notesOf(name: string, flag: Flag): readonly string[] {
  if (flag.deprecated !== undefined) {
    return [`Flag --${name} has been deprecated, ${flag.deprecated}`];
  }
  return flag.cosign?.here === 'note' && flag.cosign.text !== undefined ? [`Note: --${name}: ${flag.cosign.text}`] : [];
}
