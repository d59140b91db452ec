/** The completion script for fish. */

import type { CompletedCommand, CompletedFlag, CompletedGroup, CompletionData, Offer } from './completion-data.ts';

export function fishScript({ commands, groups }: CompletionData): string {
  const paths = groups.flatMap(({ name, words }) =>
    [...words.keys()].map((word) => quoted(`${name} ${word}`.trimStart())),
  );
  return `# fish completion for countersign
function __countersign_command
  set -l command
  for word in (commandline -opc)[2..-1]
    string match -q -- '-*' $word; and continue
    set -l longer (string join ' ' $command $word)
    contains -- $longer ${paths.join(' ')}; or break
    set command $longer
  end
  echo "$command"
end
function __countersign_is
  test (__countersign_command) = "$argv"
end
complete -c countersign -f
${groups.flatMap(groupLines).join('\n')}
${commands.flatMap(commandLines).join('\n')}
`;
}

function groupLines({ name, words }: CompletedGroup): readonly string[] {
  return [...words].map(
    ([word, help]) => `complete -c countersign -n ${conditionOf(name)} -a ${word} -d ${quoted(help)}`,
  );
}

function commandLines({ name, flags, argument }: CompletedCommand): readonly string[] {
  const condition = conditionOf(name);
  return [...flags.map((flag) => flagLine(condition, flag)), ...argumentLines(condition, argument)];
}

function flagLine(condition: string, { name, short, help, offer }: CompletedFlag): string {
  const spelling = `-l ${name}${short === undefined ? '' : ` -s ${short}`}`;
  return `complete -c countersign -n ${condition} ${spelling}${valueOf(offer)} -d ${quoted(help)}`;
}

function argumentLines(condition: string, offer: Offer): readonly string[] {
  if (offer.kind === 'file') return [`complete -c countersign -n ${condition} -F`];
  return offer.kind === 'words' ? [`complete -c countersign -n ${condition} -a ${quoted(offer.words.join(' '))}`] : [];
}

function valueOf(offer: Offer): string {
  switch (offer.kind) {
    case 'nothing':
      return '';
    case 'file':
      return ' -r -F';
    case 'directory':
      return " -x -a '(__fish_complete_directories)'";
    case 'words':
      return ` -x -a ${quoted(offer.words.join(' '))}`;
    case 'text':
      return ' -x';
  }
}

function conditionOf(name: string): string {
  return quoted(`__countersign_is ${name}`.trimEnd());
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
