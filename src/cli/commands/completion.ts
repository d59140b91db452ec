/** countersign completion */

import { UsageError } from '../../base/errors.ts';
import { bashScript } from '../completion/bash.ts';
import { completionDataOf } from '../completion/completion-data.ts';
import type { CompletionData } from '../completion/completion-data.ts';
import { fishScript } from '../completion/fish.ts';
import { powershellScript } from '../completion/powershell.ts';
import { zshScript } from '../completion/zsh.ts';
import { declareCommand } from '../command.ts';

const SHELLS: Readonly<Record<string, (data: CompletionData) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
  powershell: powershellScript,
};

export const completionCommand = declareCommand({
  path: ['completion'],
  summary: 'Print a completion script for a shell',
  description:
    'Prints a script that completes commands, flags, their values and file names in bash, zsh, fish or PowerShell.',
  examples: [
    { what: 'bash: in ~/.bashrc', command: 'source <(countersign completion bash)' },
    { what: 'zsh: into a folder of $fpath', command: 'countersign completion zsh > "${fpath[1]}/_countersign"' },
    { what: 'fish', command: 'countersign completion fish > ~/.config/fish/completions/countersign.fish' },
    { what: 'PowerShell: in $PROFILE', command: 'countersign completion powershell | Out-String | Invoke-Expression' },
  ],
  positional: { usage: Object.keys(SHELLS).join('|'), least: 1, most: 1, completes: Object.keys(SHELLS) },
  flags: {},
  ignoresEnvironment: true,
  isInCosign: true,
  run: async ({ args, loadCommands }) => {
    const shell = args[0] ?? '';
    const script = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
    if (script === undefined) {
      throw new UsageError(
        'ARGUMENTS_INVALID',
        `no completion for ${JSON.stringify(shell)}: expected ${Object.keys(SHELLS).join(', ')}`,
      );
    }
    const text = script(completionDataOf(await loadCommands()));
    return { text, report: { shell, script: text } };
  },
});
