/** The completion script for PowerShell. */

import type { CompletedCommand, CompletionData, Offer } from './completion-data.ts';

export function powershellScript({ commands, groups }: CompletionData): string {
  return `# PowerShell completion for countersign
Register-ArgumentCompleter -Native -CommandName countersign -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $groups = @{
${groups.map(({ name, words }) => `    ${quoted(name)} = @(${[...words.keys()].map(quoted).join(', ')})`).join('\n')}
  }
  $flags = @{
${commands
  .map(
    ({ name, flags }) =>
      `    ${quoted(name)} = @(${flags
        .flatMap(({ spellings }) => spellings)
        .map(quoted)
        .join(', ')})`,
  )
  .join('\n')}
  }
  # What follows a flag, or ("verify ") stands as an argument: words, or files when there are none.
  $offers = @{
${commands.flatMap(offerRows).join('\n')}
  }
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
  if ($wordToComplete -ne '' -and $words.Count -gt 0) { $words = @($words | Select-Object -SkipLast 1) }
  $command = ''
  foreach ($word in $words) {
    if ($word.StartsWith('-')) { continue }
    if ($groups.ContainsKey($command) -and $groups[$command] -contains $word) { $command = "$command $word".Trim() } else { break }
  }
  $previous = if ($words.Count -gt 0) { $words[-1] } else { '' }
  $candidates =
    if ($offers.ContainsKey("$command $previous")) { $offers["$command $previous"] }
    elseif ($groups.ContainsKey($command)) { $groups[$command] }
    elseif ($wordToComplete.StartsWith('-')) { $flags[$command] }
    elseif ($offers.ContainsKey("$command ")) { $offers["$command "] }
    else { @() }
  # Without candidates PowerShell completes file names by itself.
  $candidates | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
  }
}
`;
}

function offerRows({ name, flags, argument }: CompletedCommand): readonly string[] {
  const rows: (readonly [string, Offer])[] = [
    ...flags.flatMap(({ spellings, offer }) => spellings.map((spelling) => [`${name} ${spelling}`, offer] as const)),
    [`${name} `, argument],
  ];
  return rows.flatMap(([key, offer]) => {
    if (offer.kind === 'nothing' || (offer.kind === 'text' && key.endsWith(' '))) return [];
    return [`    ${quoted(key)} = @(${offer.kind === 'words' ? offer.words.map(quoted).join(', ') : ''})`];
  });
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
