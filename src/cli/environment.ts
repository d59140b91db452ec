/** Flags from the environment: `--output-file` is COSIGN_OUTPUT_FILE. The command line wins; empty variables count as
 *  unset. A flag that weakens what a command assures is refused: a variable that somebody set long ago must not decide
 *  what is trusted or kept. */

import { UsageError } from '../base/errors.ts';
import type { Flag, Flags } from './flag.ts';
import { defaultValueOf, parseFlagValue } from './flag-value.ts';
import type { FlagValue } from './flag-value.ts';

/** Variables by name, as data. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface EnvironmentSetting {
  readonly variable: string;
  readonly value: FlagValue;
  readonly text: string;
}

/** "COSIGN_OUTPUT_FILE" for "output-file". */
export function variableOf(flagName: string): string {
  return `COSIGN_${flagName.toUpperCase().replaceAll('-', '_')}`;
}

/** Whether a flag may come from the environment at all. */
export function isReadFromEnvironment(flag: Flag): boolean {
  return flag.weakens !== true && flag.isCommandLineOnly !== true;
}

/** What the environment says about flags that the command line does not name, by flag name.
 *  Throws ENVIRONMENT_WEAKENS, FLAG_VALUE_INVALID. */
export function environmentSettings(
  flags: Flags,
  isGiven: (name: string) => boolean,
  environment: Environment,
): ReadonlyMap<string, EnvironmentSetting> {
  const settings = new Map<string, EnvironmentSetting>();
  for (const [name, flag] of Object.entries(flags)) {
    const variable = variableOf(name);
    const text = Object.hasOwn(environment, variable) ? environment[variable] : undefined;
    if (text === undefined || text === '' || flag.isCommandLineOnly === true || isGiven(name)) continue;
    const value = parseFlagValue(variable, flag, [text]);
    if (flag.weakens === true) {
      requireHarmless(name, flag, value, variable);
    } else {
      settings.set(name, { variable, value, text });
    }
  }
  return settings;
}

function requireHarmless(name: string, flag: Flag, value: FlagValue, variable: string): void {
  if (JSON.stringify(value) === JSON.stringify(defaultValueOf(flag))) return;
  throw new UsageError(
    'ENVIRONMENT_WEAKENS',
    `${variable} is set, but --${name} weakens what the command assures and works from the command line only`,
    {
      details: { variable, flag: `--${name}` },
    },
  );
}
