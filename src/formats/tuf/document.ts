/** TUF documents, read strictly, before the client's library sees them: it takes repeated members, fractional versions, any date
 *  that JavaScript reads, shell patterns of many kinds and names of object members, and its work grows with the square
 *  of what a document lists. @source TUF specification 1.0.34 section 4 */

import { hexOf } from '../../base/bytes.ts';
import {
  decodeArray,
  decodeDocument,
  decodeLiteral,
  decodeMap,
  decodeObject,
  decodeString,
  optional,
} from '../../base/decode.ts';
import type { Decoded, Decoder } from '../../base/decode.ts';
import { InputError, isErrorWithCode, messageOf } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import { parsePem } from '../../crypto/pem.ts';

export type TopRole = 'root' | 'timestamp' | 'snapshot' | 'targets';
export const topRoles: readonly TopRole[] = ['root', 'timestamp', 'snapshot', 'targets'];

/** What every document says of itself. */
export interface TufHead {
  readonly version: number;
  readonly expires: Date;
}

/** What a role's document holds, by the kind of role. Delegated roles are of the kind "targets". */
export interface TufDocuments {
  readonly root: TufHead & {
    readonly consistent_snapshot: boolean;
    readonly roles: Readonly<Record<TopRole, Decoded<typeof decodeRole>>>;
  };
  readonly timestamp: TufHead & { readonly meta: { readonly 'snapshot.json': MetaFile } };
  readonly snapshot: TufHead & { readonly meta: Readonly<Record<string, MetaFile>> };
  readonly targets: TufHead & {
    readonly targets: Readonly<Record<string, TargetFile>>;
    readonly delegations?: Decoded<typeof decodeDelegations>;
  };
}

export type MetaFile = Decoded<typeof decodeMetaFile>;
export type TargetFile = Decoded<typeof decodeTargetFile>;

/** Bytes of a document of each kind, at most. */
export const documentBytes = {
  root: limits.tufRootBytes,
  timestamp: limits.tufTimestampBytes,
  snapshot: limits.tufSnapshotBytes,
  targets: limits.tufTargetsBytes,
} as const satisfies Record<TopRole, number>;

/** Reads a document of this kind; its signatures are not checked. `name` is how messages call it: "targets.json".
 *  Throws TUF_METADATA_MALFORMED. */
export function parseTufDocument<R extends TopRole>(kind: R, name: string, bytes: Uint8Array): TufDocuments[R] {
  try {
    const value = parseJson(bytes, { what: name, maxBytes: documentBytes[kind] });
    requireFewEntries(value, name);
    return decodeDocument<{ readonly signed: unknown }>(value, decodeSignedBy[kind], name).signed as TufDocuments[R];
  } catch (cause) {
    if (isErrorWithCode(cause, 'TUF_METADATA_MALFORMED') || !(cause instanceof InputError)) throw cause;
    const isNamed = cause.message.startsWith(name);
    throw malformed(isNamed ? cause.message : `${name}: ${messageOf(cause)}`, cause);
  }
}

export function malformed(message: string, cause?: unknown): InputError {
  return new InputError('TUF_METADATA_MALFORMED', message, cause === undefined ? {} : { cause });
}

/** From 1 to 2^53-1: a fraction or a giant would be compared, and never written, as signers meant it. */
const decodeVersion: Decoder<number> = (value, path) => {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1) return value;
  throw malformed(`${path}: expected a whole number from 1, got ${shown(value)}`);
};

const decodeLength: Decoder<number> = (value, path) => {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw malformed(`${path}: expected a whole number from 0, got ${shown(value)}`);
};

const decodeBoolean: Decoder<boolean> = (value, path) => {
  if (typeof value === 'boolean') return value;
  throw malformed(`${path}: expected true or false, got ${shown(value)}`);
};

/** "2030-01-02T03:04:05Z" and nothing else. */
const decodeInstant: Decoder<Date> = (value, path) => {
  const instant = typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value) ? new Date(value) : null;
  // JavaScript reads the 30th of February as the 2nd of March.
  if (
    instant !== null &&
    !Number.isNaN(instant.getTime()) &&
    instant.toISOString().slice(0, 19) === String(value).slice(0, 19)
  ) {
    return instant;
  }
  throw malformed(`${path}: expected an instant such as 2030-01-02T03:04:05Z, got ${shown(value)}`);
};

const decodeSpecVersion: Decoder<string> = (value, path) => {
  if (typeof value === 'string' && /^1(?:\.\d{1,6}){1,2}$/.test(value)) return value;
  throw malformed(`${path}: expected version 1 of the specification, got ${shown(value)}`);
};

/** A role's name becomes part of an address, of a file's name and of objects. */
const decodeRoleName: Decoder<string> = (value, path) => {
  if (typeof value === 'string' && value.length > 0 && value.length <= limits.tufNameLength && !isMemberName(value)) {
    if (!(topRoles as readonly string[]).includes(value)) return value;
  }
  throw malformed(`${path}: not a name that a delegated role may have: ${shown(value)}`);
};

/** With * and ? as the specification has them; the library's patterns also know braces, brackets and negation. */
const decodePathPattern: Decoder<string> = (value, path) => {
  if (typeof value === 'string' && value.length <= limits.tufNameLength && !/[{}()[\]!|\\]|^#/.test(value))
    return value;
  throw malformed(`${path}: expected a path with * and ? as its only wildcards, got ${shown(value)}`);
};

const decodeHashes = decodeMap((value, path) => {
  if (typeof value === 'string' && /^[0-9a-f]{32,128}$/.test(value)) return value;
  throw malformed(`${path}: expected a hash in lower-case hexadecimal, got ${shown(value)}`);
});

const decodeMetaFile = decodeObject({
  version: decodeVersion,
  length: optional(decodeLength),
  hashes: optional(decodeHashes),
});
const decodeTargetFile = decodeObject({ length: decodeLength, hashes: decodeHashes });
const decodeKeys = decodeMap(
  decodeObject({ keytype: decodeString, scheme: decodeString, keyval: decodeObject({ public: decodeString }) }),
);
type Keys = Decoded<typeof decodeKeys>;
// A threshold of zero would be met by nobody's signature.
const signers = { keyids: decodeArray(decodeString), threshold: decodeVersion };
const decodeRole = decodeObject(signers);

const decodeDelegatedRole = decodeObject({
  ...signers,
  name: decodeRoleName,
  terminating: decodeBoolean,
  paths: optional(decodeArray(decodePathPattern)),
  path_hash_prefixes: optional(decodeArray(decodeString)),
});
const decodeSuccinctRoles = decodeObject({ ...signers, bit_length: decodeVersion, name_prefix: decodeRoleName });

const decodeDelegations = withDistinctKeys(
  decodeObject({
    keys: decodeKeys,
    roles: optional(decodeArray(decodeDelegatedRole)),
    succinct_roles: optional(decodeSuccinctRoles),
  }),
  ({ keys, roles, succinct_roles }) => ({ keys, roles: [...(roles ?? []), succinct_roles ?? []].flat() }),
);

/** A document of one kind must not pass for one of another that the same key signs. */
function headOf<const R extends TopRole>(kind: R): HeadDecoders<R> {
  return {
    _type: decodeLiteral(kind),
    spec_version: decodeSpecVersion,
    version: decodeVersion,
    expires: decodeInstant,
  };
}

interface HeadDecoders<R extends TopRole> {
  readonly _type: Decoder<R>;
  readonly spec_version: Decoder<string>;
  readonly version: Decoder<number>;
  readonly expires: Decoder<Date>;
}

function decodeSigned<T>(signed: Decoder<T>): Decoder<{ readonly signed: T }> {
  return decodeObject({
    signatures: decodeArray(decodeObject({ keyid: decodeString, sig: decodeString })),
    signed,
  });
}

const decodeSignedBy = {
  root: decodeSigned(
    withDistinctKeys(
      decodeObject({
        ...headOf('root'),
        consistent_snapshot: decodeBoolean,
        keys: decodeKeys,
        roles: decodeObject({ root: decodeRole, timestamp: decodeRole, snapshot: decodeRole, targets: decodeRole }),
      }),
      ({ keys, roles }) => ({ keys, roles: Object.values(roles) }),
    ),
  ),
  timestamp: decodeSigned(
    decodeObject({ ...headOf('timestamp'), meta: decodeObject({ 'snapshot.json': decodeMetaFile }) }),
  ),
  snapshot: decodeSigned(decodeObject({ ...headOf('snapshot'), meta: decodeMap(decodeMetaFile) })),
  targets: decodeSigned(
    decodeObject({
      ...headOf('targets'),
      targets: decodeMap(decodeTargetFile),
      delegations: optional(decodeDelegations),
    }),
  ),
} as const satisfies Record<TopRole, Decoder<unknown>>;

interface RoleKeys {
  readonly keys: Keys;
  readonly roles: readonly Decoded<typeof decodeRole>[];
}

/** A role that lists one key under two ids would let its holder sign twice: signatures are counted by id. */
function withDistinctKeys<T>(decoder: Decoder<T>, rolesOf: (value: T) => RoleKeys): Decoder<T> {
  return (value, path) => {
    const decoded = decoder(value, path);
    const { keys, roles } = rolesOf(decoded);
    for (const { keyids } of roles) {
      const forms = keyids.flatMap((id) =>
        Object.hasOwn(keys, id) ? [hexFormOf(keys[id]?.keyval.public ?? '', path)] : [],
      );
      if (
        forms.some((form, index) => forms.slice(0, index).some((each) => each.endsWith(form) || form.endsWith(each)))
      ) {
        throw malformed(`${path}: a role lists one key twice`);
      }
    }
    return decoded;
  };
}

/** A key is written as PEM or as the digits with which its DER form ends. */
function hexFormOf(text: string, path: string): string {
  if (!text.startsWith('-----')) return text.toLowerCase();
  try {
    return hexOf(parsePem(text).bytes);
  } catch (cause) {
    throw malformed(`${path}.keys: ${messageOf(cause)}`, cause);
  }
}

/** The depth is capped already. */
function requireFewEntries(value: unknown, path: string): void {
  if (typeof value !== 'object' || value === null) return;
  const entries = Object.entries(value);
  if (entries.length > limits.tufEntries) {
    throw malformed(`${path}: lists ${entries.length} entries, at most ${limits.tufEntries} are read`);
  }
  for (const [name, each] of entries) {
    if (name.length > limits.tufNameLength) throw malformed(`${path}: a name of ${name.length} characters`);
    if (isMemberName(name)) throw malformed(`${path}: the name ${name} is not accepted`);
    requireFewEntries(each, `${path}.${name}`);
  }
}

/** Names that every object has, which a lookup in a plain object would find. */
function isMemberName(name: string): boolean {
  return Object.hasOwn(Object.prototype, name);
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 80);
}
