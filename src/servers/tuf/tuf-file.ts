/** The files of a repository by the paths at which clients ask for them. @source TUF specification 1.0.34 section 6.2 */

import type { ObjectReader } from '../../storage/object-store.ts';
import { documentKeyOf, TUF_FOLDER } from './tuf-state.ts';
import type { TufState } from './tuf-state.ts';

export interface TufFile {
  readonly bytes: Uint8Array;
  readonly isTarget: boolean;
  /** Never changes under this name. */
  readonly isFixed: boolean;
}

/** Where a target file is kept, under the name by which clients fetch it. */
export function targetKeyOf(target: string, sha256Hex: string): string {
  return `${TUF_FOLDER}targets/${sha256Hex}.${target}`;
}

/** The file at a path below the repository's address: "2.root.json", "targets/<sha256>.<name>". Names without version
 *  or hash give what is newest. Undefined for what is not there, a document that nothing leads to yet included. */
export async function readTufFile(objects: ObjectReader, state: TufState, path: string): Promise<TufFile | undefined> {
  const [, version, role = ''] = /^(?:([1-9]\d{0,14})\.)?(root|targets|snapshot|timestamp)\.json$/.exec(path) ?? [];
  if (isRole(role)) {
    const isFixed = version !== undefined;
    if (!isFixed) return { bytes: state[role].bytes, isTarget: false, isFixed };
    if (role === 'timestamp' || Number(version) > state[role].content.version) return undefined;
    return stored(objects, documentKeyOf(role, Number(version)), { isTarget: false, isFixed });
  }
  const [, sha256, target] = /^targets\/(?:([0-9a-f]{64})\.)?([A-Za-z0-9._-]{1,128})$/.exec(path) ?? [];
  if (target === undefined) return undefined;
  const { targets } = state.targets.content;
  const hash = sha256 ?? (Object.hasOwn(targets, target) ? targets[target]?.hashes['sha256'] : undefined);
  return hash === undefined
    ? undefined
    : stored(objects, targetKeyOf(target, hash), { isTarget: true, isFixed: sha256 !== undefined });
}

function isRole(name: string): name is 'root' | 'targets' | 'snapshot' | 'timestamp' {
  return name !== '';
}

async function stored(objects: ObjectReader, key: string, facts: Omit<TufFile, 'bytes'>): Promise<TufFile | undefined> {
  const object = await objects.read(key);
  return object && { bytes: object.bytes, ...facts };
}
