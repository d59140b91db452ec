/** Texts that a regular expression probably matches, for examples. A guess: whoever shows one tries it first. */

export interface PatternSample {
  readonly text: string;
  /** The same with another character where the pattern has a bare dot between letters: "githubXcom". */
  readonly dotted: string | undefined;
  /** Whether the last character stands in the pattern itself, so that a longer word would be another name. */
  readonly endsInLiteral: boolean;
}

interface Piece {
  readonly text: string;
  readonly kind: 'literal' | 'dot' | 'choice';
}

const FILLER = 'x';
const QUANTIFIER = /^(?:[*+?]|\{\d+(?:,\d*)?\})\??/;
const ASSERTION = /^(?:[$^]|\\[AzbB]|\(\?[imsU-]+\))/;
const GROUP = /^\((?:\?(?:P?<\w+>|[imsU-]*:))?/;
const CLASS = /^\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]/s;
const QUOTED = /^\\Q(.*?)(?:\\E|$)/s;
const ESCAPE = /^\\(?:[pP](?:\w|\{\^?\w+\})|x(?:[0-9a-fA-F]{2}|\{[0-9a-fA-F]+\})|.)/s;
const MAX_SAMPLES = 16;

/** One sample for each alternative at the top of the pattern, at most 16. */
export function samplesOf(pattern: string): readonly PatternSample[] {
  const samples: PatternSample[] = [];
  for (let rest = pattern; samples.length < MAX_SAMPLES;) {
    const { pieces, after } = readBranch(rest);
    samples.push(sampleOf(pieces));
    if (!after.startsWith('|')) break;
    rest = after.slice(1);
  }
  return samples;
}

function sampleOf(pieces: readonly Piece[]): PatternSample {
  const hasDot = pieces.some(({ kind }) => kind === 'dot');
  return {
    text: pieces.map(({ text }) => text).join(''),
    dotted: hasDot ? pieces.map(({ text, kind }) => (kind === 'dot' ? 'X' : text)).join('') : undefined,
    endsInLiteral: pieces.at(-1)?.kind === 'literal',
  };
}

/** Up to the next `|` or `)` of this level, or the end. */
function readBranch(source: string): { readonly pieces: readonly Piece[]; readonly after: string } {
  const pieces: Piece[] = [];
  let rest = source;
  while (rest !== '' && rest[0] !== '|' && rest[0] !== ')') {
    const atom = readAtom(rest);
    const quantifier = QUANTIFIER.exec(atom.after)?.[0] ?? '';
    pieces.push(...(quantifier === '' ? atom.pieces : repeated(atom.pieces, quantifier)));
    rest = atom.after.slice(quantifier.length);
  }
  return { pieces, after: rest };
}

function readAtom(source: string): { readonly pieces: readonly Piece[]; readonly after: string } {
  const take = (length: number, ...pieces: readonly Piece[]) => ({ pieces, after: source.slice(length) });
  const assertion = ASSERTION.exec(source);
  if (assertion !== null) return take(assertion[0].length);
  const group = GROUP.exec(source);
  if (group !== null) return readGroup(source.slice(group[0].length));
  const charClass = CLASS.exec(source);
  if (charClass !== null) return take(charClass[0].length, { text: memberOf(charClass[0]), kind: 'choice' });
  const quote = QUOTED.exec(source);
  if (quote !== null) return take(quote[0].length, { text: quote[1] ?? '', kind: 'literal' });
  const escape = ESCAPE.exec(source);
  if (escape !== null) return take(escape[0].length, escapedOf(escape[0]));
  if (source[0] === '.') return take(1, { text: '.', kind: 'dot' });
  return take(1, { text: source.slice(0, 1), kind: 'literal' });
}

/** The first alternative; the others are passed over. */
function readGroup(inside: string): { readonly pieces: readonly Piece[]; readonly after: string } {
  const { pieces, after } = readBranch(inside);
  let rest = after;
  while (rest.startsWith('|')) {
    rest = readBranch(rest.slice(1)).after;
  }
  return { pieces, after: rest.slice(1) };
}

function repeated(pieces: readonly Piece[], quantifier: string): readonly Piece[] {
  const least = quantifier.startsWith('{') ? Number.parseInt(quantifier.slice(1), 10) : 1;
  const text = pieces.map((piece) => (piece.kind === 'dot' ? FILLER : piece.text)).join('');
  return least === 0 ? [] : [{ text: text.repeat(Math.min(least, 100)), kind: 'choice' }];
}

function memberOf(charClass: string): string {
  const [, isNegated, members = ''] = /^\[(\^?)(.*)\]$/s.exec(charClass) ?? [];
  if (isNegated === '^') return FILLER;
  if (members.startsWith('[:') || members.startsWith('\\')) {
    return members.startsWith('[:digit') ? '1' : escapedOf(members.slice(0, 2)).text;
  }
  return members.slice(0, 1);
}

function escapedOf(escape: string): Piece {
  const letter = escape[1] ?? '';
  if (letter === 'd') return { text: '1', kind: 'choice' };
  if (letter === 's') return { text: ' ', kind: 'choice' };
  if (/[a-zA-Z[]/.test(letter)) return { text: FILLER, kind: 'choice' };
  return { text: letter, kind: 'literal' };
}
