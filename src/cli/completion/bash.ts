/** The completion script for bash. */

import type { CompletedCommand, CompletionData, Offer } from './completion-data.ts';

/** Works without the bash-completion package. */
export function bashScript({ commands, groups }: CompletionData): string {
  const paths = groups.flatMap(({ name, words }) => [...words.keys()].map((word) => `"${name} ${word}"`));
  return `# bash completion for countersign
_countersign() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command= word index
  # Bash takes "--flag=value" apart at the "=".
  if [[ $previous == "=" ]]; then previous=\${COMP_WORDS[COMP_CWORD-2]}; fi
  if [[ $current == "=" ]]; then current=; fi
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    [[ $word == -* ]] && continue
    case "$command $word" in
      ${paths.join(' | ')}) command="\${command:+$command }$word" ;;
      *) break ;;
    esac
  done
  COMPREPLY=()
  case "$command $previous" in
${commands.flatMap(flagCases).join('\n')}
  esac
  case "$command" in
${groups.map(({ name, words }) => `    "${name}") ${wordsReply([...words.keys()])} ;;`).join('\n')}
${commands.map(commandCase).join('\n')}
  esac
}
complete -F _countersign countersign
`;
}

function flagCases({ name, flags }: CompletedCommand): readonly string[] {
  return flags.flatMap(({ spellings, offer }) => {
    if (offer.kind === 'nothing') return [];
    const labels = spellings.map((spelling) => `"${name} ${spelling}"`).join(' | ');
    return [`    ${labels}) ${replyOf(offer)} return ;;`];
  });
}

function commandCase({ name, flags, argument }: CompletedCommand): string {
  const spellings = flags.flatMap((flag) => flag.spellings);
  return `    "${name}") if [[ $current == -* ]]; then ${wordsReply(spellings)} else ${replyOf(argument)} fi ;;`;
}

function replyOf(offer: Offer): string {
  switch (offer.kind) {
    case 'file':
      return 'compopt -o filenames; COMPREPLY=($(compgen -f -- "$current"));';
    case 'directory':
      return 'compopt -o filenames; COMPREPLY=($(compgen -d -- "$current"));';
    case 'words':
      return wordsReply(offer.words);
    default:
      return ':;';
  }
}

function wordsReply(words: readonly string[]): string {
  return `COMPREPLY=($(compgen -W "${words.join(' ')}" -- "$current"));`;
}
