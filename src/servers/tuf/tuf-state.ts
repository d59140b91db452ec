/** What a TUF repository has stored. The timestamp is its commit: documents that it does not lead to count for nothing. */

import { parseUtf8 } from '../../base/bytes.ts';
import { ConfigError, CountersignError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import type { JsonObject } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import { parseTufDocument } from '../../formats/tuf/document.ts';
import type { TopRole, TufDocuments } from '../../formats/tuf/document.ts';
import type { ObjectReader } from '../../storage/object-store.ts';

export interface StoredDocument<R extends TopRole> {
  readonly role: R;
  readonly bytes: Uint8Array;
  readonly content: TufDocuments[R];
}

export interface TufState {
  readonly root: StoredDocument<'root'>;
  readonly targets: StoredDocument<'targets'>;
  readonly snapshot: StoredDocument<'snapshot'>;
  readonly timestamp: StoredDocument<'timestamp'>;
  /** The targets as they are listed, with what is written beside each. */
  readonly targetList: JsonObject;
  /** What the store compares when the timestamp is replaced. */
  readonly timestampObject: string;
  /** Versions that are taken: a crash before the commit may have left documents above those in use. */
  readonly lastTargets: number;
  readonly lastSnapshot: number;
}

export const TUF_FOLDER = 'tuf/';
export const TIMESTAMP_KEY = 'tuf/timestamp.json';

export function documentKeyOf(role: Exclude<TopRole, 'timestamp'>, version: number): string {
  return `${TUF_FOLDER}${version}.${role}.json`;
}

/** Undefined when nothing was ever committed. Throws TUF_REPOSITORY_DAMAGED, STORE_FAILED. */
export async function readTufState(objects: ObjectReader): Promise<TufState | undefined> {
  const stored = await objects.read(TIMESTAMP_KEY);
  if (stored === undefined) return undefined;
  const keys = await objects.list(TUF_FOLDER);
  const timestamp = documentOf('timestamp', TIMESTAMP_KEY, stored.bytes);
  const read = async <R extends Exclude<TopRole, 'timestamp'>>(
    role: R,
    version: number,
  ): Promise<StoredDocument<R>> => {
    const key = documentKeyOf(role, version);
    const bytes = (await objects.read(key))?.bytes;
    if (bytes === undefined) throw damaged(`${key} is missing`);
    const document = documentOf(role, key, bytes);
    if (document.content.version !== version) throw damaged(`${key} is version ${document.content.version}`);
    return document;
  };
  const root = await read('root', lastVersionOf('root', keys));
  const snapshot = await read('snapshot', timestamp.content.meta['snapshot.json'].version);
  const targets = await read('targets', snapshot.content.meta['targets.json']?.version ?? 0);
  return {
    root,
    targets,
    snapshot,
    timestamp,
    targetList: signedOf(targets.bytes)['targets'] as JsonObject,
    timestampObject: stored.version,
    lastTargets: lastVersionOf('targets', keys),
    lastSnapshot: lastVersionOf('snapshot', keys),
  };
}

/** TUF_REPOSITORY_DAMAGED, to be thrown. */
export function damaged(why: string, cause?: unknown): ConfigError {
  return new ConfigError('TUF_REPOSITORY_DAMAGED', `TUF repository: ${why}`, cause === undefined ? {} : { cause });
}

function documentOf<R extends TopRole>(role: R, key: string, bytes: Uint8Array): StoredDocument<R> {
  try {
    return { role, bytes, content: parseTufDocument(role, key, bytes) };
  } catch (cause) {
    if (cause instanceof CountersignError) throw damaged(cause.message, cause);
    throw cause;
  }
}

/** What was parsed as a document already. */
function signedOf(bytes: Uint8Array): JsonObject {
  const document = parseJson(parseUtf8(bytes), {
    what: 'TUF document',
    maxBytes: limits.tufTargetsBytes,
  }) as JsonObject;
  return document['signed'] as JsonObject;
}

/** 0 for none. */
function lastVersionOf(role: TopRole, keys: readonly string[]): number {
  const pattern = new RegExp(`^${TUF_FOLDER}(\\d{1,15})\\.${role}\\.json$`);
  return Math.max(0, ...keys.map((key) => Number(pattern.exec(key)?.[1] ?? 0)));
}
