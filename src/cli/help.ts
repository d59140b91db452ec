/** Help for the whole program, a group of commands, or one command. */

import { UsageError } from '../base/errors.ts';
import { commandNameOf } from './command.ts';
import type { Command } from './command.ts';
import type { Flag, Flags } from './flag.ts';
import { globalFlags } from './flags/global.ts';
import { wrapText } from './wrap-text.ts';

const WIDTH = 100;

/** The help text of the words; of the program without words. Throws COMMAND_UNKNOWN. */
export function helpText(path: readonly string[], commands: readonly Command[]): string {
  const exact = commands.find((command) => command.path.join(' ') === path.join(' '));
  if (exact !== undefined) return commandHelp(exact);
  const group = commands.filter((command) => path.every((word, index) => command.path[index] === word));
  if (group.length === 0) throw new UsageError('COMMAND_UNKNOWN', `unknown command "${path.join(' ')}"`);
  return listHelp(path, group);
}

/** Flags under their headings, without those kept only for old scripts. */
export function visibleFlagGroups(flags: Flags): ReadonlyMap<string, readonly (readonly [string, Flag])[]> {
  const all: Flags = { ...flags, ...globalFlags };
  const visible = Object.entries(all)
    .filter(([, flag]) => flag.deprecated === undefined && flag.cosign?.here !== 'refused')
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  const groups = Map.groupBy(visible, ([, { group }]) => group ?? 'Flags');
  return new Map([...groups].toSorted(([a], [b]) => rankOf(a) - rankOf(b)));
}

/** "-a, --annotations KEY=VALUE". */
export function flagUsageOf(name: string, flag: Flag): string {
  const value = flag.type === 'bool' ? '' : ` ${placeholderOf(flag)}`;
  return `${flag.short === undefined ? '    ' : `-${flag.short}, `}--${name}${value}`;
}

/** The default as help shows it; undefined when there is nothing to say. */
export function shownDefaultOf(flag: Flag): string | undefined {
  if (!('default' in flag) || flag.default === undefined || flag.default === false || flag.default === '')
    return undefined;
  return String(flag.default);
}

/** "countersign verify [flags] IMAGE...". */
export function usageLineOf(command: Command): string {
  return `${commandNameOf(command)} [flags]${command.positional.usage === '' ? '' : ` ${command.positional.usage}`}`;
}

function placeholderOf(flag: Flag): string {
  if (flag.type === 'enum') return flag.values.join('|');
  return (
    flag.placeholder ??
    { bool: '', string: 'TEXT', strings: 'LIST', stringArray: 'TEXT', int: 'N', duration: 'DURATION' }[flag.type]
  );
}

/** A command's own flags first, everybody's last. */
function rankOf(group: string): number {
  return group === 'Flags' ? 0 : group === 'Global flags' ? 2 : 1;
}

function commandHelp(command: Command): string {
  const examples = command.examples.map(({ what, command: line }) => `  # ${what}\n  ${line}`).join('\n\n');
  const groups = [...visibleFlagGroups(command.flags)].map(
    ([heading, flags]) => `${heading}:\n${flags.map(([name, flag]) => flagHelp(name, flag)).join('\n')}`,
  );
  const parts = [
    command.summary,
    wrapText(command.description, WIDTH),
    `Usage:\n  ${usageLineOf(command)}`,
    `Examples:\n${examples}`,
    ...groups,
  ];
  return `${parts.join('\n\n')}\n`;
}

function flagHelp(name: string, flag: Flag): string {
  const shown = shownDefaultOf(flag);
  const text = `${flag.help}${shown === undefined ? '' : ` (default ${shown})`}`;
  return `  ${flagUsageOf(name, flag)}\n${wrapText(text, WIDTH - 10, '          ')}`;
}

function listHelp(path: readonly string[], commands: readonly Command[]): string {
  const width = Math.max(...commands.map((command) => command.path.join(' ').length)) + 2;
  const list = commands.map((command) => `  ${command.path.join(' ').padEnd(width)}${command.summary}`).join('\n');
  const title =
    path.length === 0
      ? 'countersign signs and verifies container images and files, and says exactly why it believes what it believes.\n\n'
      : '';
  const name = ['countersign', ...path].join(' ');
  return `${title}Usage:\n  ${name} COMMAND [flags] [arguments]\n\nCommands:\n${list}\n\nRun "countersign COMMAND --help" for what a command does and takes. To see it all at work: countersign demo\n`;
}
