/** The TUF repository of a private Sigstore: tells clients whom to trust, and keeps telling them while nobody looks.
 *  Versions only ever grow, and a crash between any two writes leaves what clients saw before.
 *  @source TUF specification 1.0.34 section 6 */

import { CountersignError } from '../../base/errors.ts';
import { createExclusive } from '../../base/exclusive.ts';
import { openTrustedMetadata } from '../../clients/tuf/trusted-metadata.ts';
import { sha256HexOf } from '../../crypto/hash.ts';
import type { Signer } from '../../crypto/signer.ts';
import { rootContentOf } from '../../formats/tuf/document-content.ts';
import type { Targets } from '../../formats/tuf/document-content.ts';
import { topRoles } from '../../formats/tuf/document.ts';
import type { TopRole } from '../../formats/tuf/document.ts';
import { tufKeyOf } from '../../formats/tuf/signed-document.ts';
import type { TufKey } from '../../formats/tuf/signed-document.ts';
import { keepObjects } from '../../storage/kept-objects.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { readTufFile, targetKeyOf } from './tuf-file.ts';
import type { TufFile } from './tuf-file.ts';
import { nextPublication, signed } from './tuf-publication.ts';
import type { TufLifetimes } from './tuf-publication.ts';
import { damaged, documentKeyOf, readTufState, TIMESTAMP_KEY, TUF_FOLDER } from './tuf-state.ts';
import type { StoredDocument, TufState } from './tuf-state.ts';

export interface TufKeys {
  /** Undefined: kept elsewhere. */
  readonly root?: Signer | undefined;
  readonly targets?: Signer | undefined;
  readonly snapshot: Signer;
  readonly timestamp: Signer;
}

export type AllTufKeys = Readonly<Record<TopRole, Signer>>;

export interface TufRepositoryOptions {
  readonly objects: ObjectStore;
  readonly keys: TufKeys;
  /** In each document, for people: says DEVELOPMENT where it is one. */
  readonly name: string;
  readonly now: () => Date;
  readonly lifetimes?: TufLifetimes;
  /** With these it is made where there is none; left out, it must be there. */
  readonly firstTargets?: Targets;
}

/** A document of the repository and the time at which clients begin to refuse it. */
export interface TufExpiry {
  /** "TUF timestamp" */
  readonly what: string;
  readonly expires: Date;
  /** From then on people should be told. */
  readonly warnFrom: Date;
  /** From then on nobody should begin to rely on it. */
  readonly failFrom: Date;
}

export interface TufRepository {
  /** The newest root document: what clients begin with. */
  readonly root: () => Uint8Array;
  /** By path below the repository's address: "2.root.json", "targets/<sha256>.<name>". Undefined for what is not there. */
  readonly read: (path: string) => Promise<TufFile | undefined>;
  /** Makes these the targets, and refreshes; false when nothing had to be signed. `targetsKey` is needed where they differ
   *  and the key is kept elsewhere: else throws TUF_KEY_ABSENT. */
  readonly publish: (targets: Targets, targetsKey?: Signer) => Promise<boolean>;
  /** Signs anew what is old; false when nothing was. To be called hourly. */
  readonly refresh: () => Promise<boolean>;
  /** Makes a next root, which `previous` and the new root key sign, and signs everything under it by the new keys. Called
   *  again with the same keys after a failure, it ends what was begun. The keys must be safe before. */
  readonly rotate: (previous: Signer, next: AllTufKeys) => Promise<void>;
  readonly expiries: () => readonly TufExpiry[];
}

const DAY_MS = 86_400_000;

const tufLifetimes: TufLifetimes = {
  root: 10 * 365 * DAY_MS,
  targets: 5 * 365 * DAY_MS,
  snapshot: 365 * DAY_MS,
  timestamp: 7 * DAY_MS,
};

/** Days before expiry from which people are warned: long for what needs a key from elsewhere; of the others only when
 *  something has kept them from being signed. */
const warnDays: Readonly<Record<TopRole, number>> = { root: 90, targets: 90, snapshot: 30, timestamp: 5 };
const FAIL_MS = 2 * DAY_MS;

/** Throws TUF_REPOSITORY_DAMAGED when it is not there and may not be made, was damaged or belongs to other keys;
 *  TUF_KEY_ABSENT when one is to be made and a key is not there. */
export async function openTufRepository(options: TufRepositoryOptions): Promise<TufRepository> {
  const { objects } = options;
  const exclusive = createExclusive();
  const alone = <T>(run: () => Promise<T>): Promise<T> => exclusive('repository', run);
  let keys = options.keys;
  let state = (await readTufState(objects)) ?? (await createRepository(options));
  requireOwn(state.root, keys);

  /** A write that was reported failed may have been applied: what counts is what is stored. */
  const stored = async (): Promise<TufState> => {
    const found = await readTufState(objects);
    if (found === undefined) throw damaged('its timestamp is gone');
    return found;
  };
  const renew = async (wanted?: Targets, targetsKey = keys.targets): Promise<boolean> => {
    const before = await stored();
    state = await writeNext({ ...options, keys: { ...keys, targets: targetsKey } }, before.root, before, wanted);
    return state !== before;
  };

  return {
    root: () => state.root.bytes,
    read: (path) => readTufFile(objects, state, path),
    publish: (targets, targetsKey) => alone(() => renew(targets, targetsKey)),
    refresh: () => alone(() => renew()),
    rotate: (previous, next) =>
      alone(async () => {
        const { root } = await stored();
        if (!isRootOf(root, next)) {
          const { bytes, content } = await nextRoot({ ...options, keys: next }, root, [previous, next.root]);
          // The commit of a root: clients ask for the next one by its number.
          await objects.create([{ key: documentKeyOf('root', content.version), bytes }]);
        }
        keys = next;
        await renew();
      }),
    expiries: () => expiriesOf(state),
  };
}

async function createRepository(options: TufRepositoryOptions): Promise<TufState> {
  const { objects, keys, firstTargets } = options;
  if (firstTargets === undefined) throw damaged('its timestamp is gone');
  if (keys.root === undefined) throw new CountersignError('TUF_KEY_ABSENT', 'a first root needs the key tuf-root');
  // Left by an attempt that a crash ended: nobody was told of it.
  await objects.remove(await objects.list(TUF_FOLDER));
  const root = await nextRoot(options, undefined, [keys.root]);
  await objects.create([{ key: documentKeyOf('root', root.content.version), bytes: root.bytes }]);
  return writeNext(options, root, undefined, firstTargets);
}

/** The next root, which the last one's key and its own must sign. */
async function nextRoot(
  { now, name, lifetimes = tufLifetimes, keys }: TufRepositoryOptions,
  last: StoredDocument<'root'> | undefined,
  signers: readonly Signer[],
): Promise<StoredDocument<'root'>> {
  const version = (last?.content.version ?? 0) + 1;
  const head = { version, expires: new Date(now().getTime() + lifetimes.root), repository: name };
  const root = await signed('root', rootContentOf(head, roleKeysOf(keys)), ...signers);
  const trusted = openTrustedMetadata((last ?? root).bytes);
  if (last !== undefined) trusted.updateRoot(root.bytes);
  return root;
}

/** Signs what has to be signed and writes it; the very state that came when that is nothing. */
async function writeNext(
  { objects, keys, name, now, lifetimes = tufLifetimes }: TufRepositoryOptions,
  root: StoredDocument<'root'>,
  before: TufState | undefined,
  wanted: Targets | undefined,
): Promise<TufState> {
  const { targets, snapshot, timestamp } = await nextPublication(root.bytes, before, {
    ...keys,
    wanted,
    lifetimes,
    repository: name,
    now: now(),
  });
  const files = Array.from(wanted ?? [], ([target, { bytes }]) => ({
    key: targetKeyOf(target, sha256HexOf(bytes)),
    bytes,
  }));
  await keepObjects(objects, files);
  if (before !== undefined && timestamp === before.timestamp) return before;
  // 1. What nothing leads to yet. A crash here leaves versions that are passed over.
  const documents = [targets, snapshot].map(({ role, content, bytes }) => ({
    key: documentKeyOf(role, content.version),
    bytes,
  }));
  await objects.create(documents);
  // 2. The commit: from now on clients are led to it.
  await objects.replace(TIMESTAMP_KEY, timestamp.bytes, before?.timestampObject);
  const after = await readTufState(objects);
  if (after === undefined) throw damaged('its timestamp is gone');
  return after;
}

/** Throws TUF_REPOSITORY_DAMAGED unless the root names the keys that are at hand. */
function requireOwn({ content }: StoredDocument<'root'>, keys: TufKeys): void {
  for (const role of topRoles) {
    const signer = keys[role];
    if (signer !== undefined && !content.roles[role].keyids.includes(tufKeyOf(signer.publicKey).id)) {
      throw damaged(`root version ${content.version} names another key for the role ${role}`);
    }
  }
}

function isRootOf({ content }: StoredDocument<'root'>, keys: AllTufKeys): boolean {
  return topRoles.every((role) => content.roles[role].keyids.join() === tufKeyOf(keys[role].publicKey).id);
}

function roleKeysOf(keys: TufKeys): Readonly<Record<TopRole, TufKey>> {
  const { root, targets, snapshot, timestamp } = keys;
  if (root === undefined || targets === undefined) {
    throw new CountersignError('TUF_KEY_ABSENT', 'a root needs the keys tuf-root and tuf-targets');
  }
  return {
    root: tufKeyOf(root.publicKey),
    targets: tufKeyOf(targets.publicKey),
    snapshot: tufKeyOf(snapshot.publicKey),
    timestamp: tufKeyOf(timestamp.publicKey),
  };
}

function expiriesOf(state: TufState): readonly TufExpiry[] {
  return topRoles.map((role) => {
    const { expires } = state[role].content;
    const warnFrom = new Date(expires.getTime() - warnDays[role] * DAY_MS);
    return { what: `TUF ${role}`, expires, warnFrom, failFrom: new Date(expires.getTime() - FAIL_MS) };
  });
}
