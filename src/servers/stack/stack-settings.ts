/** What is fixed when a data directory is made, in `stack.json`. */

import { base64Of, parseBase64, utf8Of } from '../../base/bytes.ts';
import {
  decodeBoolean,
  decodeCount,
  decodeDocument,
  decodeLiteral,
  decodeMap,
  decodeObject,
  decodeString,
} from '../../base/decode.ts';
import type { Decoder } from '../../base/decode.ts';
import { ConfigError, InputError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import { parseRfc3339, rfc3339Of } from '../../base/time.ts';

export type StackMode = 'production' | 'development';

export interface StackSettings {
  /** False while logs and trust are made for the first time: nobody was told anything, so what is there may be made anew.
   *  True: what is missing was lost, and nothing is ever made anew. */
  readonly isMade: boolean;
  readonly mode: StackMode;
  /** Organisation in certificates, operator in configurations. */
  readonly name: string;
  /** Origin that clients use, without a slash at the end: it is in certificates, checkpoints and trust roots. */
  readonly url: string;
  /** "127.0.0.1:8080": where to listen unless `up` is told otherwise. */
  readonly listen: string;
  /** Tree id of the Rekor v1 log: a positive 63-bit number. */
  readonly treeId: bigint;
  readonly created: Date;
  /** SubjectPublicKeyInfo of every key that was made, by its name: known without the password. */
  readonly publicKeys: ReadonlyMap<string, Uint8Array>;
}

/** What this version writes and reads. @internal for its tests */
export const SCHEMA_VERSION = 1;

/** Turns the document of one version into that of the next. */
export type Upgrade = (document: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;

/** `upgrades[n]` leads from version n + 1 to version n + 2. */
const UPGRADES: readonly Upgrade[] = [];

const WHAT = 'stack.json';

const decodeBytes: Decoder<Uint8Array> = (value, path) => parseBase64(decodeString(value, path));
/** Throws JSON_SHAPE. */
export const decodeStackMode: Decoder<StackMode> = (value, path) => {
  const mode = decodeString(value, path);
  if (mode !== 'production' && mode !== 'development') {
    throw new InputError('JSON_SHAPE', `${path}: expected "production" or "development", got ${JSON.stringify(mode)}`);
  }
  return mode;
};
const decodeTreeId: Decoder<bigint> = (value, path) => {
  const text = decodeString(value, path);
  if (!/^[1-9]\d{0,18}$/.test(text))
    throw new InputError('JSON_SHAPE', `${path}: expected a positive number in a string`);
  return BigInt(text);
};
const decodeVersion = decodeObject({ version: decodeCount });

/** Throws STACK_VERSION_NEWER, JSON_MALFORMED, JSON_SHAPE and what the members throw. */
export function parseStackSettings(bytes: Uint8Array, upgrades: readonly Upgrade[] = UPGRADES): StackSettings {
  const current = upgrades.length + 1;
  const document = parseJson(bytes, { what: WHAT, maxBytes: limits.keyFileBytes });
  const { version } = decodeDocument(document, decodeVersion, WHAT);
  if (version > current) {
    throw new ConfigError(
      'STACK_VERSION_NEWER',
      `the data directory has schema version ${version}, this program reads up to ${current}`,
    );
  }
  const upgraded = upgrades
    .slice(version - 1)
    .reduce((older, upgrade) => upgrade(older), document as Readonly<Record<string, unknown>>);
  const { publicKeys, ...rest } = decodeDocument({ ...upgraded, version: current }, decodeSettings(current), WHAT);
  const { version: _, ...settings } = rest;
  return { ...settings, publicKeys: new Map(Object.entries(publicKeys)) };
}

export function encodeStackSettings(settings: StackSettings): Uint8Array {
  const document = {
    version: SCHEMA_VERSION,
    ...settings,
    treeId: settings.treeId.toString(),
    created: rfc3339Of(settings.created),
    publicKeys: Object.fromEntries(Array.from(settings.publicKeys, ([name, spki]) => [name, base64Of(spki)])),
  };
  return utf8Of(`${JSON.stringify(document, undefined, 2)}\n`);
}

const decodeSettings = (version: number) =>
  decodeObject({
    version: decodeLiteral(version),
    isMade: decodeBoolean,
    mode: decodeStackMode,
    name: decodeString,
    url: decodeString,
    listen: decodeString,
    treeId: decodeTreeId,
    created: (value: unknown, path: string): Date => parseRfc3339(decodeString(value, path)),
    publicKeys: decodeMap(decodeBytes),
  });
