/** What a command is: a declaration that help, completion and the reference are made from, and a function. */

import type { Flags, ValuesOf } from './flag.ts';
import type { GlobalFlags } from './flags/global.ts';
import type { Session } from './session.ts';

/** A JSON object; members that are undefined are left out. */
export type Report = Readonly<Record<string, unknown>>;

/** What a command answers. Printed by the command line: the text on stdout, or with `--json` the report. */
export interface Result {
  /** All of stdout, its line feeds included; the empty text when the result is a change. */
  readonly text: string;
  readonly report: Report;
  /** Exit status; 0 when it is not said. */
  readonly exit?: number;
  /** Runs after the printing: for servers. */
  readonly afterwards?: () => Promise<void>;
}

export interface Positional {
  /** As usage shows it: "IMAGE...". */
  readonly usage: string;
  readonly least: number;
  readonly most: number;
  /** What completion offers: files, or these words. */
  readonly completes?: 'file' | readonly string[];
}

export interface Example {
  readonly what: string;
  readonly command: string;
}

export interface Invocation<F extends Flags> {
  readonly values: ValuesOf<F & GlobalFlags>;
  /** Whether the command line or the environment gave the flag. */
  readonly isGiven: (name: keyof F & string) => boolean;
  /** As many as `positional` allows. */
  readonly args: readonly string[];
  readonly session: Session;
  /** All commands, for those that speak about the others. */
  readonly loadCommands: () => Promise<readonly Command[]>;
}

export interface CommandOf<F extends Flags> {
  /** The words that call it: ["download", "signature"]. */
  readonly path: readonly string[];
  /** One line, for lists. */
  readonly summary: string;
  /** Paragraphs. */
  readonly description: string;
  readonly examples: readonly Example[];
  readonly positional: Positional;
  readonly flags: F;
  /** Milliseconds that it may take unless `--timeout` says otherwise; without it there is no limit. */
  readonly timeoutMs?: number;
  /** Takes no flag from the environment, as in cosign. */
  readonly ignoresEnvironment?: true;
  /** Whether cosign has it, and until when; false for commands of our own. */
  readonly isInCosign: boolean;
  readonly run: (invocation: Invocation<F>) => Promise<Result>;
}

/** A command whose flags are only known as a table. */
export type Command = CommandOf<Flags>;

/** Ties the values that `run` reads to the flags that are declared. */
export function declareCommand<const F extends Flags>(command: CommandOf<F>): Command {
  return command as unknown as Command;
}

/** "countersign download signature". */
export function commandNameOf(command: Pick<Command, 'path'>): string {
  return ['countersign', ...command.path].join(' ');
}

/** Of commands without arguments. */
export const noArguments: Positional = { usage: '', least: 0, most: 0 };
