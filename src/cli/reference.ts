/** The reference pages of the command line, made from the declarations: one page a command, and the table that says what
 *  each flag of cosign does here. */

import { isReadFromEnvironment, variableOf } from './environment.ts';
import { commandNameOf } from './command.ts';
import type { Command } from './command.ts';
import { loadCommands } from './command-table.ts';
import { cosignVersions } from './flag.ts';
import type { CosignFlag, CosignVersion, Flag, Flags } from './flag.ts';
import { globalFlags } from './flags/global.ts';
import { flagUsageOf, shownDefaultOf, usageLineOf, visibleFlagGroups } from './help.ts';

/** Markdown by path below the repository's root. */
export async function commandReference(): Promise<ReadonlyMap<string, string>> {
  const commands = await loadCommands();
  return new Map([
    ['docs/cli/README.md', indexPage(commands)],
    ['docs/cli/compatibility.md', compatibilityPage(commands)],
    ...commands.map((command) => [pagePathOf(command), commandPage(command)] as const),
  ]);
}

const GENERATED = '<!-- Made by npm run docs from src/cli. -->';

function pagePathOf({ path }: Command): string {
  return `docs/cli/${path.join('-')}.md`;
}

function indexPage(commands: readonly Command[]): string {
  const rows = commands.map(
    (command) => `| [${command.path.join(' ')}](${command.path.join('-')}.md) | ${command.summary} |`,
  );
  return page('Command line', [
    ['| command | what it does |', '| --- | --- |', ...rows].join('\n'),
    'What each flag of cosign does here: [compatibility](compatibility.md).',
    'Every flag can also be set in the environment: `--some-flag` is `COSIGN_SOME_FLAG`. The command line wins, and an empty variable counts as unset. ' +
      'A flag that weakens what a command assures works on the command line only: in the environment it is refused by name.',
    '`--json` prints one JSON report on stdout, or one JSON object with the member `error`. Results go to stdout, everything else to stderr.',
  ]);
}

function commandPage(command: Command): string {
  const examples = command.examples.map(({ what, command: line }) => `# ${what}\n${line}`).join('\n\n');
  const groups = [...visibleFlagGroups(command.flags)].map(
    ([heading, flags]) => `## ${heading}\n\n${flagTable(command, flags)}`,
  );
  return page(commandNameOf(command), [command.description, fenced(usageLineOf(command)), fenced(examples), ...groups]);
}

function flagTable(command: Command, flags: readonly (readonly [string, Flag])[]): string {
  const rows = flags.map(([name, flag]) => {
    const shown = shownDefaultOf(flag);
    const variable =
      command.ignoresEnvironment === true
        ? ''
        : isReadFromEnvironment(flag)
          ? `\`${variableOf(name)}\``
          : flag.weakens === true
            ? 'refused: command line only'
            : '';
    return `| \`${cell(flagUsageOf(name, flag).trim())}\` | ${cell(flag.help)}${shown === undefined ? '' : ` (default ${shown})`} | ${variable} |`;
  });
  return ['| flag | what it does | environment |', '| --- | --- | --- |', ...rows].join('\n');
}

function compatibilityPage(commands: readonly Command[]): string {
  const tables = commands
    .filter(({ isInCosign }) => isInCosign)
    .map((command) => `## ${command.path.join(' ')}\n\n${compatibilityTable(command.flags)}`);
  const added = commands.filter(({ isInCosign }) => !isInCosign).map((command) => `\`${command.path.join(' ')}\``);
  return page('Compatibility with cosign', [
    'Every flag that these commands have in cosign 2.4, 2.6 or 3.1 is read here. *same*: does what it does in cosign. *mapped*: does the like. *note*: accepted, ' +
      'changes nothing. *refused*: what it asks for is not here, and the command ends with `FLAG_NOT_AVAILABLE` unless the value asks for nothing. –: that release does not have it.',
    'The spellings `cert`, `cert-chain`, `cert-email`, `cert-identity`, `cert-oidc-issuer` and `output-cert` are read too; `-flag` is corrected to `--flag` with a warning, as in cosign.',
    `Not in cosign: the commands ${added.join(', ')}, and the flags without a row.`,
    `## Every command\n\n${compatibilityTable(globalFlags)}`,
    ...tables,
  ]);
}

function compatibilityTable(flags: Flags): string {
  const rows = Object.entries(flags)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, { cosign }]) => (cosign === undefined ? [] : [compatibilityRow(name, cosign)]));
  if (rows.length === 0) return 'No flags of its own.';
  return [
    `| flag | ${cosignVersions.join(' | ')} | here |`,
    `| --- | ${cosignVersions.map(() => '---').join(' | ')} | --- |`,
    ...rows,
  ].join('\n');
}

function compatibilityRow(name: string, cosign: CosignFlag): string {
  const state = (version: CosignVersion): string => (cosign.in.includes(version) ? cosign.here : '–');
  return `| \`--${name}\` | ${cosignVersions.map(state).join(' | ')} | ${cell(cosign.text ?? 'As in cosign.')} |`;
}

function page(title: string, parts: readonly string[]): string {
  return `${[`# ${title}`, GENERATED, ...parts].join('\n\n')}\n`;
}

function fenced(text: string): string {
  return `\`\`\`sh\n${text}\n\`\`\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
