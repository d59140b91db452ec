/** What the four documents of a TUF repository say, ready to be signed. @source TUF specification 1.0.34 section 4 */

import type { JsonObject } from '../../base/json.ts';
import { rfc3339Of } from '../../base/time.ts';
import { sha256HexOf } from '../../crypto/hash.ts';
import type { TopRole } from './document.ts';
import type { TufKey } from './signed-document.ts';

export interface ContentHead {
  readonly version: number;
  /** Whole seconds are written. */
  readonly expires: Date;
  /** What people should call the repository: clients pass over members that they do not know. */
  readonly repository: string;
}

export interface Target {
  readonly bytes: Uint8Array;
  /** For clients that look for files by their use. */
  readonly custom?: JsonObject;
}

/** By name. */
export type Targets = ReadonlyMap<string, Target>;

const SPEC_VERSION = '1.0.31';

/** Each role is signed for by one key. */
export function rootContentOf(head: ContentHead, keys: Readonly<Record<TopRole, TufKey>>): JsonObject {
  return {
    ...headOf('root', head),
    consistent_snapshot: true,
    keys: Object.fromEntries(Object.values(keys).map(({ id, value }) => [id, value])),
    roles: Object.fromEntries(Object.entries(keys).map(([role, { id }]) => [role, { keyids: [id], threshold: 1 }])),
  };
}

/** `targets` as `targetListOf` makes it. */
export function targetsContentOf(head: ContentHead, targets: JsonObject): JsonObject {
  return { ...headOf('targets', head), targets };
}

export function snapshotContentOf(head: ContentHead, targetsVersion: number): JsonObject {
  return { ...headOf('snapshot', head), meta: { 'targets.json': { version: targetsVersion } } };
}

export function timestampContentOf(head: ContentHead, snapshotVersion: number): JsonObject {
  return { ...headOf('timestamp', head), meta: { 'snapshot.json': { version: snapshotVersion } } };
}

/** The files as targets documents list them. */
export function targetListOf(targets: Targets): JsonObject {
  const list = Array.from(targets, ([name, { bytes, custom }]) => {
    const file = { length: bytes.length, hashes: { sha256: sha256HexOf(bytes) } };
    return [name, custom === undefined ? file : { ...file, custom }] as const;
  });
  return Object.fromEntries(list);
}

function headOf(role: TopRole, { version, expires, repository }: ContentHead): JsonObject {
  return {
    _type: role,
    spec_version: SPEC_VERSION,
    version,
    expires: rfc3339Of(expires),
    'x-countersign-repository': repository,
  };
}
