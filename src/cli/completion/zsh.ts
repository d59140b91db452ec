/** The completion script for zsh. */

import type { CompletedCommand, CompletedFlag, CompletionData, Offer } from './completion-data.ts';

export function zshScript({ commands, groups }: CompletionData): string {
  return `#compdef countersign
# zsh completion for countersign
_countersign() {
  local command= word index
  for ((index = 2; index < CURRENT; index++)); do
    word=\${words[index]}
    [[ $word == -* ]] && continue
    case "$command $word" in
      (${groups.flatMap(({ name, words }) => [...words.keys()].map((word) => `"${name} ${word}"`)).join(' | ')}) command="\${command:+$command }$word" ;;
      (*) break ;;
    esac
  done
  local -a choices
  case "$command" in
${groups.map(({ name, words }) => `    ("${name}")\n      choices=(${[...words].map(([word, help]) => quoted(`${word}:${help.replaceAll(':', '\\:')}`)).join(' ')})\n      _describe command choices ;;`).join('\n')}
${commands.map(commandCase).join('\n')}
  esac
}
if [ "$funcstack[1]" = "_countersign" ]; then
  _countersign "$@"
else
  compdef _countersign countersign
fi
`;
}

function commandCase({ name, flags, argument }: CompletedCommand): string {
  const specs = [...flags.flatMap(flagSpecs), quoted(`*:argument:${actionOf(argument)}`)];
  return `    ("${name}")\n      _arguments -s ${specs.join(' ')} ;;`;
}

function flagSpecs({ spellings, help, offer, name }: CompletedFlag): readonly string[] {
  const text = help.replaceAll(/[[\]\\]/g, '').replaceAll(':', '\\:');
  return spellings.map((spelling) => {
    const assign = offer.kind === 'nothing' ? '' : spelling.startsWith('--') ? '=' : '+';
    const value = offer.kind === 'nothing' ? '' : `:${name}:${actionOf(offer)}`;
    return quoted(`*${spelling}${assign}[${text}]${value}`);
  });
}

function actionOf(offer: Offer): string {
  switch (offer.kind) {
    case 'file':
      return '_files';
    case 'directory':
      return '_files -/';
    case 'words':
      return `(${offer.words.join(' ')})`;
    default:
      return '';
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
