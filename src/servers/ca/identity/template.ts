/** The part of Go's text/template by which claims of CI providers become names: literals, `{{ .name }}`,
 *  `{{ index . "name" }}` and `{{ if eq … }}…{{ else }}…{{ end }}`. Anything else is refused when it is read.
 *  @source Go package text/template */

import { InputError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import { invalidConfiguration } from './configuration-file.ts';

export interface Template {
  /** As it was written, for messages. */
  readonly source: string;
  readonly parts: readonly Part[];
}

export interface Rendering {
  /** The text of a claim or a default; undefined when there is none. */
  readonly values: (name: string) => string | undefined;
  /** What is put in must be there and not be empty: half a name may be somebody else's. */
  readonly isName: boolean;
}

type Part = Operand | Choice;

type Operand =
  | { readonly kind: 'text'; readonly text: string }
  /** Go makes "" of an `index` that finds nothing, and fails for a `.name`. */
  | { readonly kind: 'value'; readonly name: string; readonly isOptional: boolean };

interface Choice {
  readonly kind: 'choice';
  readonly left: Operand;
  readonly right: Operand;
  readonly ifEqual: readonly Part[];
  readonly otherwise: readonly Part[];
}

/** A literal, or the words of an action. */
type Piece = string | readonly string[];

interface Reader {
  readonly source: string;
  readonly pieces: readonly Piece[];
  at: number;
}

const ACTION = /\{\{((?:"(?:[^"\\]|\\.)*"|[^"}])*)\}\}/g;
const WORD = /\s*("(?:[^"\\]|\\.)*"|[()]|\.[A-Za-z_]\w*|\.|[a-z]+)\s*/y;

/** Reads a template; a text without "{{" is the name of a value. Throws ISSUER_CONFIGURATION_INVALID. */
export function parseTemplate(source: string): Template {
  if (source.length > limits.templateCharacters) {
    throw refused(source, `at most ${limits.templateCharacters} characters are read`);
  }
  if (!source.includes('{{')) return { source, parts: [{ kind: 'value', name: source, isOptional: false }] };
  const reader: Reader = { source, pieces: piecesOf(source), at: 0 };
  const parts = readParts(reader);
  if (reader.at < reader.pieces.length) throw refused(source, '"else" or "end" without an "if"');
  return { source, parts };
}

/** Fills a template in. Throws TOKEN_CLAIMS. */
export function renderTemplate(template: Template, rendering: Rendering): string {
  return render(template.parts, template, rendering);
}

function piecesOf(source: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of source.matchAll(ACTION)) {
    pieces.push(source.slice(end, match.index), wordsOf(match[1] ?? '', source));
    end = match.index + match[0].length;
  }
  pieces.push(source.slice(end));
  if (pieces.some((piece) => typeof piece === 'string' && piece.includes('{{'))) {
    throw refused(source, 'a "{{" without its "}}"');
  }
  return pieces.filter((piece) => piece !== '');
}

function wordsOf(action: string, source: string): readonly string[] {
  const words: string[] = [];
  for (let at = 0; at < action.length; at = WORD.lastIndex) {
    WORD.lastIndex = at;
    const word = WORD.exec(action)?.[1];
    if (word === undefined) throw refused(source, `{{${action}}}`);
    words.push(word);
  }
  return words;
}

/** Parts up to an "else" or "end", on which the reader is left, or to the end. */
function readParts(reader: Reader): readonly Part[] {
  const parts: Part[] = [];
  for (; reader.at < reader.pieces.length; reader.at += 1) {
    if (isAt(reader, 'else') || isAt(reader, 'end')) break;
    const piece = reader.pieces[reader.at] ?? '';
    if (typeof piece === 'string') {
      parts.push({ kind: 'text', text: piece });
    } else {
      parts.push(piece[0] === 'if' ? readChoice(piece, reader) : operandOf(piece, reader.source));
    }
  }
  return parts;
}

function readChoice(words: readonly string[], reader: Reader): Choice {
  const { source } = reader;
  if (words[1] !== 'eq') throw refused(source, '"if" without "eq"');
  const [first, second] = operandsOf(words.slice(2));
  const [left, right] = [operandOf(first, source), operandOf(second, source)];
  reader.at += 1;
  const ifEqual = readParts(reader);
  let otherwise: readonly Part[] = [];
  if (isAt(reader, 'else')) {
    reader.at += 1;
    otherwise = readParts(reader);
  }
  if (!isAt(reader, 'end')) throw refused(source, '"if" without its "end"');
  return { kind: 'choice', left, right, ifEqual, otherwise };
}

/** Each is one word, or in parentheses. */
function operandsOf(words: readonly string[]): readonly [readonly string[], readonly string[]] {
  const end = words[0] === '(' ? words.indexOf(')') + 1 : 1;
  const second = words.slice(end);
  return [words.slice(0, end), second.length === 1 || second[0] === '(' ? second : []];
}

function isAt({ pieces, at }: Reader, word: string): boolean {
  const piece = pieces[at];
  return typeof piece === 'object' && piece.length === 1 && piece[0] === word;
}

/** `index . "name"`, with or without parentheses, or one word. */
function operandOf(words: readonly string[], source: string): Operand {
  const inner = words[0] === '(' && words.at(-1) === ')' ? words.slice(1, -1) : words;
  const [first, dot, name = ''] = inner;
  if (first === 'index' && dot === '.' && name.startsWith('"') && inner.length === 3) {
    return { kind: 'value', name: textOf(name, source), isOptional: true };
  }
  if (words.length === 1) return wordOf(words[0] ?? '', source);
  throw refused(source, `{{${words.join(' ')}}}`);
}

/** `.name` or `"text"`. */
function wordOf(word: string, source: string): Operand {
  if (word.startsWith('"')) return { kind: 'text', text: textOf(word, source) };
  if (/^\.\w/.test(word)) return { kind: 'value', name: word.slice(1), isOptional: false };
  throw refused(source, `{{${word}}}`);
}

function textOf(quoted: string, source: string): string {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    throw refused(source, quoted);
  }
}

function render(parts: readonly Part[], template: Template, rendering: Rendering): string {
  const texts = parts.map((part) => {
    if (part.kind === 'choice') {
      const isEqual = valueOf(part.left, template, rendering) === valueOf(part.right, template, rendering);
      return render(isEqual ? part.ifEqual : part.otherwise, template, rendering);
    }
    const text = valueOf(part, template, rendering);
    if (text === '' && part.kind === 'value' && rendering.isName) throw missing(part.name, template);
    return text;
  });
  return texts.join('');
}

function valueOf(operand: Operand, template: Template, { values }: Rendering): string {
  if (operand.kind === 'text') return operand.text;
  const value = values(operand.name) ?? (operand.isOptional ? '' : undefined);
  if (value === undefined) throw missing(operand.name, template);
  return value;
}

function missing(name: string, { source }: Template): InputError {
  const where = source === name ? 'which the certificate states' : `which ${JSON.stringify(source)} needs`;
  return new InputError('TOKEN_CLAIMS', `the token has no claim "${name}", ${where}, or it is empty`);
}

function refused(source: string, what: string): Error {
  return invalidConfiguration(
    `template ${JSON.stringify(source.slice(0, 200))}: ${what} cannot be used: read are {{ .name }}, ` +
      '{{ index . "name" }} and {{ if eq .name "text" }}…{{ else }}…{{ end }}',
  );
}
