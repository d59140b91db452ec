/** What completion offers, out of the declarations of the commands. */

import type { Command } from '../command.ts';
import type { Flag } from '../flag.ts';
import { visibleFlagGroups } from '../help.ts';

/** What follows a flag, or stands as an argument. */
export type Offer =
  | { readonly kind: 'nothing' }
  /** Text that nobody can guess. */
  | { readonly kind: 'text' }
  | { readonly kind: 'file' }
  | { readonly kind: 'directory' }
  | { readonly kind: 'words'; readonly words: readonly string[] };

export interface CompletedFlag {
  /** "--output", and "-o" where there is one. */
  readonly spellings: readonly string[];
  readonly name: string;
  readonly short?: string;
  readonly help: string;
  readonly offer: Offer;
}

export interface CompletedCommand {
  /** "download signature". */
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly CompletedFlag[];
  readonly argument: Offer;
}

export interface CompletedGroup {
  /** "" for the program itself, "download". */
  readonly name: string;
  /** The words that may follow, with what they stand for. */
  readonly words: ReadonlyMap<string, string>;
}

export interface CompletionData {
  readonly commands: readonly CompletedCommand[];
  readonly groups: readonly CompletedGroup[];
}

export function completionDataOf(commands: readonly Command[]): CompletionData {
  return { commands: commands.map(completedOf), groups: groupsOf(commands) };
}

function completedOf({ path, summary, flags, positional: { completes } }: Command): CompletedCommand {
  const own = [...visibleFlagGroups(flags).values()].flat().map(([name, flag]) => completedFlagOf(name, flag));
  const help: CompletedFlag = {
    spellings: ['--help', '-h'],
    name: 'help',
    short: 'h',
    help: 'show help',
    offer: { kind: 'nothing' },
  };
  const argument: Offer =
    completes === undefined
      ? { kind: 'text' }
      : completes === 'file'
        ? { kind: 'file' }
        : { kind: 'words', words: completes };
  return { name: path.join(' '), summary, flags: [...own, help], argument };
}

function completedFlagOf(name: string, flag: Flag): CompletedFlag {
  const { short, help } = flag;
  return {
    name,
    help,
    offer: offerOf(flag),
    spellings: [`--${name}`, ...(short === undefined ? [] : [`-${short}`])],
    ...(short === undefined ? {} : { short }),
  };
}

function offerOf(flag: Flag): Offer {
  if (flag.type === 'bool') return { kind: 'nothing' };
  if (flag.type === 'enum') return { kind: 'words', words: flag.values };
  return { kind: flag.completes ?? 'text' };
}

function groupsOf(commands: readonly Command[]): readonly CompletedGroup[] {
  const groups = new Map<string, Map<string, string>>();
  for (const { path, summary } of commands) {
    path.forEach((word, index) => {
      const name = path.slice(0, index).join(' ');
      const words = groups.get(name) ?? new Map<string, string>();
      words.set(word, index === path.length - 1 ? summary : `commands: ${word} …`);
      groups.set(name, words);
    });
  }
  return [...groups].map(([name, words]) => ({ name, words }));
}
