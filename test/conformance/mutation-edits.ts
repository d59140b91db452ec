/** Single edits of JSON documents: of every byte of the text, of every byte inside a base64 value, of every member. */

/** One changed document. `path` names the member, without indexes: "tlogEntries[].logId.keyId". */
export interface Edit {
  readonly path: string;
  readonly bytes: Buffer;
}

/** `at` is where the byte stands in the text; for a byte inside a base64 value, where its first digit does. */
export interface ByteEdit extends Edit {
  readonly at: number;
  /** `value`: its text; `decoded`: inside its base64; `name`: the member's. */
  readonly part: 'name' | 'value' | 'decoded';
  /** Characters from the start of the name or value. */
  readonly offset: number;
  /** "a to b" */
  readonly change: string;
}

export type MemberChange =
  | 'removed'
  | 'null'
  /** By the case of one letter: some readers do not care. */
  | 'renamed'
  | 'duplicated'
  | 'emptied'
  | 'retyped'
  | 'swapped';

export interface MemberEdit extends Edit {
  readonly change: MemberChange;
}

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type Path = readonly (string | number)[];

/** Where a member's name or value stands in the text: the bytes from `start` to `end`. */
interface Span {
  readonly path: string;
  readonly part: 'name' | 'value';
  readonly start: number;
  readonly end: number;
}

const ROOT = '$';
/** Renders as a second member of the same name. */
const TWICE = '(twice)';
/** A value of no more bytes than this is changed at every byte even where others are sampled. */
const SHORT_BYTES = 48;

/** Every byte of the text changed, each to one or two other values. `share` of the bytes of long values: 1 for all. */
export function* textEdits(document: Buffer, share: number): Generator<ByteEdit> {
  for (const [at, span] of ownersOf(document).entries()) {
    if (span.end - span.start > SHORT_BYTES && Math.random() >= share) continue;
    const byte = document[at] ?? 0;
    for (const value of otherBytes(byte, share === 1)) {
      const bytes = Buffer.from(document);
      bytes[at] = value;
      const change = `${String.fromCharCode(byte)} to ${String.fromCharCode(value)}`;
      yield { path: span.path, part: span.part, bytes, at, offset: at - span.start, change };
    }
  }
}

/** Every byte inside each base64 value changed by one bit: by the lowest, and by another. */
export function* decodedEdits(document: Buffer, share: number): Generator<ByteEdit> {
  for (const { path, part, start, end } of spansOf(document)) {
    if (part === 'name') continue;
    const text = document.toString('latin1', start + 1, end - 1);
    const value = Buffer.from(text, 'base64');
    if (value.length === 0 || document[start] !== 0x22 || value.toString('base64') !== text) continue;
    for (const [offset, byte] of value.entries()) {
      if (value.length > SHORT_BYTES && Math.random() >= share) continue;
      for (const bit of [1, 2 << Math.floor(Math.random() * 7)]) {
        value[offset] = byte ^ bit;
        const changed = Buffer.from(value.toString('base64'));
        const bytes = Buffer.concat([document.subarray(0, start + 1), changed, document.subarray(end - 1)]);
        const at = start + 1 + Math.floor(offset / 3) * 4;
        yield { path, part: 'decoded', bytes, at, offset: at - start, change: `${byte} to ${byte ^ bit}` };
      }
      value[offset] = byte;
    }
  }
}

/** Every member and element changed in each way; those of JSON inside a text, too. */
export function* memberEdits(document: Buffer, twin: Buffer | undefined): Generator<MemberEdit> {
  const root = JSON.parse(document.toString()) as Json;
  const other = twin && (JSON.parse(twin.toString()) as Json);
  for (const path of memberPaths(root)) {
    for (const [change, edited] of changesOf(root, path, other)) {
      const text = JSON.stringify(edited).replaceAll(TWICE, '');
      yield { path: pathText(path), change, bytes: Buffer.from(text) };
    }
  }
}

function* changesOf(root: Json, path: Path, twin: Json | undefined): Generator<readonly [MemberChange, Json]> {
  const value = valueAt(root, path);
  const put = (other: Json): Json =>
    editedAt(root, path, (parent, name) => void ((parent as never)[name] = other as never));
  // Protocol buffers leave zeros and empty lists out: without them the document is the same.
  const isDefault = value === '0' || (Array.isArray(value) && value.length === 0);
  if (!isDefault) yield ['removed', editedAt(root, path, remove)];
  if (!isDefault && value !== null) yield ['null', put(null)];
  if (typeof path.at(-1) === 'string') yield ['renamed', editedAt(root, path, rename)];
  yield ['duplicated', editedAt(root, path, duplicate)];
  const empty = emptyOf(value);
  if (JSON.stringify(empty) !== JSON.stringify(value)) yield ['emptied', put(empty)];
  yield ['retyped', put(true)];
  const swapped = twin === undefined ? undefined : valueAt(twin, path);
  if (swapped !== undefined && JSON.stringify(swapped) !== JSON.stringify(value)) yield ['swapped', put(swapped)];
}

function remove(parent: Json[] | { [name: string]: Json }, name: string | number): void {
  if (Array.isArray(parent)) parent.splice(Number(name), 1);
  else delete parent[name];
}

function rename(parent: Json[] | { [name: string]: Json }, name: string | number): void {
  if (Array.isArray(parent)) return;
  const letter = /[a-z]/i.exec(`${name}`)?.[0] ?? '';
  const other = letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
  parent[`${name}`.replace(letter, other)] = parent[name] ?? null;
  delete parent[name];
}

function duplicate(parent: Json[] | { [name: string]: Json }, name: string | number): void {
  if (Array.isArray(parent)) parent.push(parent[Number(name)] ?? null);
  else parent[`${name}${TWICE}`] = parent[name] ?? null;
}

function emptyOf(value: Json): Json {
  if (Array.isArray(value)) return [];
  if (typeof value === 'object') return value === null ? null : {};
  return typeof value === 'string' ? '' : 0;
}

function* memberPaths(value: Json, path: Path = []): Generator<Path> {
  const inner = innerOf(value);
  if (typeof inner !== 'object' || inner === null) return;
  for (const [name, member] of Object.entries(inner)) {
    const here = [...path, Array.isArray(inner) ? Number(name) : name];
    yield here;
    yield* memberPaths(member, here);
  }
}

/** JSON inside a text counts as what it says. */
function innerOf(value: Json): Json {
  return typeof value === 'string' && value.startsWith('{') ? (JSON.parse(value) as Json) : value;
}

function valueAt(root: Json, path: Path): Json {
  return path.reduce<Json>((value, name) => (innerOf(value) as { [name: string]: Json })[name] ?? null, root);
}

function editedAt(
  root: Json,
  path: Path,
  edit: (parent: Json[] | { [name: string]: Json }, name: string | number) => void,
): Json {
  const [name = '', ...rest] = path;
  const parent = structuredClone(innerOf(root)) as { [name: string]: Json };
  if (rest.length === 0) edit(parent, name);
  else parent[name] = editedAt(parent[name] ?? null, rest, edit);
  return typeof root === 'string' ? JSON.stringify(parent) : parent;
}

function pathText(path: Path): string {
  return (
    path
      .map((name) => (typeof name === 'number' ? '[]' : `.${name}`))
      .join('')
      .replace(/^\./, '') || ROOT
  );
}

function otherBytes(byte: number, isThorough: boolean): readonly number[] {
  const char = String.fromCharCode(byte);
  const turned = (first: string, size: number): number =>
    first.charCodeAt(0) + ((byte - first.charCodeAt(0) + size / 2) % size);
  if (/[0-9]/.test(char)) return [byte ^ 1, turned('0', 10)];
  if (/[a-z]/.test(char)) return [byte ^ 1, turned('a', 26), ...(isThorough ? [byte ^ 0x20] : [])];
  if (/[A-Z]/.test(char)) return [byte ^ 1, turned('A', 26), ...(isThorough ? [byte ^ 0x20] : [])];
  return char === '+' ? [byte ^ 1, 0x2f] : char === '/' ? [byte ^ 1, 0x2b] : [byte ^ 1];
}

/** For each byte, the innermost name or value that it is in. */
function ownersOf(document: Buffer): readonly Span[] {
  const whole: Span = { path: ROOT, part: 'value', start: 0, end: document.length };
  const owners = Array.from(document, () => whole);
  // Outer spans come first, inner ones overwrite them.
  for (const span of spansOf(document)) {
    for (let at = span.start; at < span.end; at += 1) owners[at] = span;
  }
  return owners;
}

/** All names and values, outer ones before inner ones. The text is known to be JSON. */
function spansOf(document: Buffer): readonly Span[] {
  const text = document.toString('latin1');
  const spans: Span[] = [];
  const token = /\s*([{}[\]:,]|"(?:[^"\\]|\\.)*"|[-+.\w]+)/y;
  const take = (): { readonly text: string; readonly start: number; readonly end: number } => {
    const from = token.lastIndex;
    const [all = '', found = ''] = token.exec(text) ?? [];
    if (found === '') throw new Error(`no JSON at ${from}`);
    return { text: found, start: from + all.length - found.length, end: from + all.length };
  };
  const isNext = (mark: string): boolean => {
    const from = token.lastIndex;
    const found = take().text === mark;
    if (!found) token.lastIndex = from;
    return found;
  };
  const until = (close: string, read: () => void): void => {
    while (!isNext(close)) {
      read();
      isNext(',');
    }
  };
  const walk = (path: string): void => {
    const { text: open, start, end } = take();
    const index = spans.push({ path, part: 'value', start, end }) - 1;
    if (open === '[') until(']', () => walk(`${path}[]`));
    if (open === '{') until('}', () => walkMember(path));
    spans[index] = { path, part: 'value', start, end: token.lastIndex };
  };
  const walkMember = (parent: string): void => {
    const { text: name, start, end } = take();
    const path = pathText([...(parent === ROOT ? [] : [parent]), JSON.parse(name) as string]);
    spans.push({ path, part: 'name', start, end });
    isNext(':');
    walk(path);
  };
  walk(ROOT);
  return spans;
}
