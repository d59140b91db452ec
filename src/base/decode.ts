/** Decode-or-error-with-path: turns `unknown` into typed data, or says which path held what. Unknown members are
 *  ignored (formats grow); a member that is there must have its type. */

import { InputError } from './errors.ts';

/** Takes a value and the path it stands at (`$.layers[2].size`); throws JSON_SHAPE. */
export type Decoder<T> = (value: unknown, path: string) => T;

/** What a decoder makes. */
export type Decoded<D> = D extends Decoder<infer T> ? T : never;

const OPTIONAL: unique symbol = Symbol('optional');
/** Characters of a path that an error repeats. */
const PATH_LENGTH = 300;
type OptionalDecoder<T> = Decoder<T | undefined> & { readonly [OPTIONAL]: true };
type Members = Readonly<Record<string, Decoder<unknown>>>;
type OptionalNames<M extends Members> = {
  [K in keyof M]: M[K] extends { readonly [OPTIONAL]: true } ? K : never;
}[keyof M];
type ObjectOf<M extends Members> = { readonly [K in Exclude<keyof M, OptionalNames<M>>]: Decoded<M[K]> } & {
  readonly [K in OptionalNames<M>]?: Exclude<Decoded<M[K]>, undefined>;
};

export const decodeString: Decoder<string> = (value, path) =>
  typeof value === 'string' ? value : fail(path, 'a string', value);

export const decodeBoolean: Decoder<boolean> = (value, path) =>
  typeof value === 'boolean' ? value : fail(path, 'true or false', value);

/** A whole number from 0 to 2^53-1, as sizes are. */
export const decodeCount: Decoder<number> = (value, path) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    ? value
    : fail(path, 'a whole number from 0', value);

/** Exactly this string or number. */
export function decodeLiteral<const T extends string | number>(literal: T): Decoder<T> {
  return (value, path) => (value === literal ? literal : fail(path, JSON.stringify(literal), value));
}

export function decodeArray<T>(item: Decoder<T>): Decoder<readonly T[]> {
  return (value, path) =>
    Array.isArray(value) ? value.map((each, index) => item(each, `${path}[${index}]`)) : fail(path, 'an array', value);
}

/** An object used as a map from any name to one kind of value. */
export function decodeMap<T>(item: Decoder<T>): Decoder<Readonly<Record<string, T>>> {
  return (value, path) => {
    const entries = Object.entries(requireObject(value, path)).map(
      ([name, each]) => [name, item(each, `${path}.${name}`)] as const,
    );
    return Object.fromEntries(entries);
  };
}

/** Marks a member of an object that may be missing. Null counts as missing: Go writes it for empty lists and maps. */
export function optional<T>(decoder: Decoder<T>): OptionalDecoder<T> {
  const decode: Decoder<T | undefined> = (value, path) =>
    value === undefined || value === null ? undefined : decoder(value, path);
  return Object.assign(decode, { [OPTIONAL]: true as const });
}

export function decodeObject<const M extends Members>(members: M): Decoder<ObjectOf<M>> {
  const decoders = Object.entries(members);
  return (value, path) => {
    const source = requireObject(value, path);
    const result: Record<string, unknown> = {};
    for (const [name, decoder] of decoders) {
      const member = decoder(Object.hasOwn(source, name) ? source[name] : undefined, `${path}.${name}`);
      if (member !== undefined) {
        result[name] = member;
      }
    }
    return result as ObjectOf<M>;
  };
}

/** Runs a decoder on a whole document; `what` names it in messages. */
export function decodeDocument<T>(value: unknown, decoder: Decoder<T>, what: string): T {
  return decoder(value, `${what}: $`);
}

function requireObject(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return fail(path, 'an object', value);
  }
  return value as Readonly<Record<string, unknown>>;
}

function fail(path: string, expected: string, value: unknown): never {
  const seen = value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 80);
  // A path holds names that the document's author chose: a thousand errors of megabytes each would fill the memory.
  const where = path.slice(0, PATH_LENGTH);
  throw new InputError('JSON_SHAPE', `${where}: expected ${expected}, got ${seen}`, {
    details: { path: where, expected },
  });
}
